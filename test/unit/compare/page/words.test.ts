import { describe, expect, it } from "vitest";
import { counted, countTags, grouped, sectionStart } from "../../../../host/compare/page/words.js";

describe("the words of the page", () => {
  it("have numbers that can be read, and a plural that fits", () => {
    expect(grouped(1234567)).toBe("1,234,567");
    expect(counted(1, "file")).toBe("1 file");
    expect(counted(2000, "byte")).toBe("2,000 bytes");
  });

  it("count only what there is", () => {
    const tags = countTags({ added: 2, removed: 0, changed: 1000 });
    expect(tags.map(({ text }) => text)).toEqual([
      ' <span class="tag added">2 added</span>',
      ' <span class="tag changed">1,000 changed</span>',
    ]);
  });

  it("hide what needs scripts until one runs", () => {
    const start = sectionStart({
      id: "config",
      title: "Configuration",
      filterFor: "option",
      items: "tbody tr",
      canOpen: false,
    });
    expect(start.text).toMatch(/<div class="tools"[^>]* hidden>.*<input type="search"/);
    expect(start.text).not.toContain("<button");
  });
});

import { describe, expect, it } from "vitest";
import { Anchors } from "../../../../host/compare/page/anchors.js";

describe("anchors", () => {
  it("are the names of what they lead to", () => {
    const anchors = new Anchors();
    expect(anchors.of("struct", "task_struct")).toBe("struct-task_struct");
    expect(anchors.of("file", "include/linux/sched.h")).toBe("file-include/linux/sched.h");
  });

  it("have nothing that could not be in an address, and end", () => {
    const anchors = new Anchors();
    expect(anchors.of("file", 'a b"<ü>.h')).toBe("file-a~20.b~22.~3c.~fc.~3e..h");
    expect(anchors.of("file", "x".repeat(10_000)).length).toBeLessThan(300);
  });

  it("are different for different places of one name", () => {
    const anchors = new Anchors();
    const given = [1, 2, 3].map(() => anchors.of("struct", "state"));
    expect(new Set(given).size).toBe(3);
    expect(anchors.of("struct", "x".repeat(300))).not.toBe(anchors.of("struct", "x".repeat(301)));
  });
});

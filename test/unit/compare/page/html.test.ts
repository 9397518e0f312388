import { describe, expect, it } from "vitest";
import { Html, html, joined, lineHtml } from "../../../../host/compare/page/html.js";

describe("html", () => {
  it("escapes what would end a text or an attribute", () => {
    const hostile = `"><script>alert('x')</script>&amp;`;
    expect(html`<a title="${hostile}">${hostile}</a>`.text).toBe(
      '<a title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;">' +
        "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;</a>",
    );
  });

  it("shows what would reorder or hide text, and cuts what is too long", () => {
    expect(html`${"a\u202eb\u0000\u001b[31m\n"}`.text).toBe("a\\u202eb\\x00\\x1b[31m\\n");
    expect(html`${"x".repeat(1000)}`.text).toBe(`${"x".repeat(299)}…`);
  });

  it("takes HTML as it is, lists of it, numbers, and nothing", () => {
    expect(html`${html`<b>${"<"}</b>`}${[new Html("<i>"), new Html("</i>")]}${3}${undefined}`.text).toBe(
      "<b>&lt;</b><i></i>3",
    );
    expect(joined([html`<b>`, html`é`]).size).toBe(5);
  });
});

describe("a line of a file", () => {
  it("keeps its tabs, and is escaped", () => {
    expect(lineHtml("\tint a;\t/* plain */")).toBe("\tint a;\t/* plain */");
    expect(lineHtml("\t#include <a.h> // \u202e\r")).toBe("\t#include &lt;a.h&gt; // \\u202e\\r");
  });

  it("is cut if it is long", () => {
    expect(lineHtml("<".repeat(500))).toBe(`${"&lt;".repeat(299)}…`);
  });
});

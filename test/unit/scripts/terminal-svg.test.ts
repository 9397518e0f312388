import { expect, it } from "vitest";
import { drawTerminal } from "../../../scripts/terminal-svg.js";
import { readRepositoryFile } from "../../support/repository.js";

it("draws each line of a terminal, and commands so that they stand out", () => {
  const picture = drawTerminal(["$ a <b> & c", "", "  result"], "$ ");
  expect(picture).toContain('class="command">$ a &lt;b&gt; &amp; c</text>');
  expect(picture).toContain(">  result</text>");
  expect(picture.match(/<text /g)).toHaveLength(2);
});

it("has drawn the README's picture with nothing of the machine that made it", () => {
  const picture = readRepositoryFile("docs/picture.svg");
  expect(picture).toContain(">$ kheaders pull");
  const paths =
    picture.match(/(?<=[\s>(])\/[\w./-]+/g)?.filter((path) => !path.startsWith("/home/you/")) ?? [];
  expect(paths.filter((path) => /^\/(tmp|root|home|work|var)/.test(path))).toEqual([]);
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { archiveLimits } from "../../../host/archive/limits.js";

it.each(Object.entries(archiveLimits))("docs/archive-limits.md states the limit of %s", (_, limit) => {
  const docs = readFileSync(new URL("../../../docs/archive-limits.md", import.meta.url), "utf8");
  expect(docs).toMatch(
    new RegExp(`^\\| .* \\| +${limit.toLocaleString("en")}( bytes| names)?( +\\(| +\\|)`, "m"),
  );
});

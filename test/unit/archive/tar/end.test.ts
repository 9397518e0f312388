import { expect, it } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { StepReader } from "../../../../host/archive/steps.js";
import { tarEnd } from "../../../../host/archive/tar/end.js";
import { pixzList } from "../../../support/tar-builder.js";

const memberBytes = 1_024;

function isComplete(...bytes: Uint8Array[]): boolean {
  const reader = new StepReader(tarEnd(memberBytes, archiveLimits));
  for (const piece of bytes) reader.push(piece);
  return reader.complete;
}

const zeros = (blocks: number) => Buffer.alloc(blocks * 512);

it.each([2, 3, 20])("%i blocks of zeros are an end", (blocks) => {
  expect(isComplete(zeros(blocks))).toBe(true);
});

it.each([0, 511, 512, 1_023, 1_025])("%i zeros are not", (bytes) => {
  expect(isComplete(Buffer.alloc(bytes))).toBe(false);
});

it("pixz's list may follow, and says how long the archive is", () => {
  expect(isComplete(zeros(4), pixzList({ "./": 0 }, memberBytes + 4 * 512))).toBe(true);
  expect(isComplete(zeros(4), pixzList({ "./": 0 }, memberBytes + 3 * 512))).toBe(false);
});

it.each([
  [Buffer.from("x"), zeros(2)],
  [zeros(1), Buffer.alloc(512, "x")],
  [zeros(2), Buffer.from("followed")],
  [zeros(2), Buffer.concat([zeros(1).subarray(1), Buffer.from("x")])],
  [zeros(2), Buffer.concat([pixzList({}, memberBytes + 1_024), Buffer.from("x")])],
])("anything else is refused", (first, second) => {
  expect(() => isComplete(Buffer.concat([first, second]))).toThrow(
    expect.objectContaining({
      code: "archive-refused",
      message: expect.stringContaining("data after the end of the tar archive"),
    }),
  );
});

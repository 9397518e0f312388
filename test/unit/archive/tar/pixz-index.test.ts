import { describe, expect, it } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { StepReader } from "../../../../host/archive/steps.js";
import { pixzIndex, pixzMagic } from "../../../../host/archive/tar/pixz-index.js";
import { pixzList } from "../../../support/tar-builder.js";

const tarBytes = 10_240;

function isPassedOver(list: Uint8Array): boolean {
  const reader = new StepReader(
    (function* () {
      yield* pixzIndex(tarBytes, archiveLimits);
      yield { bytes: 1, mayEnd: true };
      throw new Error("there is more");
    })(),
  );
  reader.push(list.subarray(pixzMagic.length));
  return reader.complete;
}

describe("the list that pixz writes", () => {
  it("begins with its magic number", () => {
    expect(pixzList({}, tarBytes).subarray(0, 8)).toEqual(Buffer.from(pixzMagic));
  });

  it.each([{}, { "./": 0 }, { "./": 0, "./a.h": 512, "": 1_024 }, { [`./${"n".repeat(768)}/`]: 0 }])(
    "is passed over: %j",
    (places) => expect(isPassedOver(pixzList(places, tarBytes))).toBe(true),
  );

  it.each([{ "./": 1 }, { a: 512, b: 512 }, { a: 512, b: 0 }, { a: tarBytes }, { a: tarBytes + 512 }])(
    "is refused with places that no archive has: %j",
    (places) => expect(() => isPassedOver(pixzList(places, tarBytes))).toThrow("malformed"),
  );

  it("is not complete without its end, nor with another size", () => {
    expect(isPassedOver(pixzList({ "./": 0 }, tarBytes).subarray(0, -1))).toBe(false);
    expect(isPassedOver(pixzList({ "./": 0 }, tarBytes - 512))).toBe(false);
  });
});

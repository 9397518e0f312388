import { expect, it } from "vitest";
import { exitStatusOfAll } from "../../../host/farm/pull-many.js";
import type { DeviceOutcome } from "../../../host/farm/pull-one.js";
import { type ErrorCode, KheadersError } from "../../../shared/errors.js";

const failed = (code: ErrorCode): DeviceOutcome => ({ serial: code, error: new KheadersError(code, code) });

it("the exit status of several devices is the largest, whichever of them failed first", () => {
  const codes: ErrorCode[] = ["no-headers", "archive-corrupt", "device-lost"];
  const orders = codes.flatMap((first) => {
    const others = codes.filter((code) => code !== first);
    return [
      [first, ...others],
      [first, ...others.reverse()],
    ];
  });
  expect(orders.map((order) => exitStatusOfAll(order.map(failed)))).toEqual(orders.map(() => 7));
  expect(exitStatusOfAll([failed("no-headers"), failed("internal-error")])).toBe(70);
});

it("the exit status is 0 if no device failed", () => {
  expect(exitStatusOfAll([])).toBe(0);
});

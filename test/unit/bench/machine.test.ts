import { expect, it } from "vitest";
import {
  describeMachine,
  describeState,
  describeThrottling,
  parseProcessorUse,
  parseThrottled,
} from "../../bench/machine.js";

const state = { load: 0.314, idle: 0.97, stolen: 0.004, work: { wall: 150.4, cpu: 149.6 }, throttled: 3 };

it("the use of the processors is the line of all of them", () => {
  const text = "cpu  100 5 50 1000 20 1 2 30 7 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n";
  expect(parseProcessorUse(text)).toEqual({ total: 1208, idle: 1020, stolen: 30 });
  expect(() => parseProcessorUse("cpu0 1 1 1\n")).toThrow();
});

it("a control group tells how often it was throttled", () => {
  expect(parseThrottled("usage_usec 5\nnr_periods 9\nnr_throttled 4\nthrottled_usec 10\n")).toBe(4);
  expect(parseThrottled("usage_usec 5\n")).toBeUndefined();
  expect(describeThrottling(3, 5)).toBe("throttled 2 times");
  expect(describeThrottling(undefined, undefined)).toBe("nothing tells of throttling");
});

it("a state is said in one line", () => {
  expect(describeState(state)).toBe(
    "load 0.31, processors idle 97 %, stolen 0 %, a fixed piece of work 150 ms (processor time 150 ms)",
  );
});

it("the machine is said with its state before and after", () => {
  const [machine, before, after] = describeMachine(state, { ...state, load: 2, throttled: 4 });
  expect(machine).toContain(process.version);
  expect(before).toMatch(/^before: load 0\.31,/);
  expect(after).toMatch(/^after: {2}load 2\.00, .*; throttled 1 times$/);
});

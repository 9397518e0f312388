import { expect, it } from "vitest";
import { parseTimes, runTimed } from "../../bench/process.js";

it("a run gives what the program printed, and what it took", async () => {
  const script = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; echo told >&2; echo done";
  const { stdout, wall, cpu } = await runTimed(["sh", "-c", `sh -c '${script}'`], process.env);
  expect(stdout).toBe("done\n");
  // The shell that did it is a child of a child.
  expect(cpu).toBeGreaterThan(0);
  expect(wall).toBeGreaterThan(0);
});

it("a run that fails says how, and what the program printed", async () => {
  const failing = ["sh", "-c", "echo out; echo err >&2; exit 7"];
  await expect(runTimed(failing, process.env)).rejects.toThrow(/ended with status 7:\nout\nerr\n/);
});

it("times are seconds by the clock, of user and of system time", () => {
  expect(parseTimes("1.250 0.700 0.050\n")).toEqual({ wall: 1250, cpu: 750 });
  for (const text of ["", "1.250 0.700\n", "bash: no such program\n"])
    expect(parseTimes(text)).toBeUndefined();
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withPager } from "../../../../../host/cli/report/diff/pager.js";

const chunk = Buffer.from("a line\n".repeat(20_000));

/** Shows ten chunks, and gives how many were taken. */
function show(pager: string): Promise<number> {
  return withPager(
    async (write) => {
      let taken = 0;
      for (; taken < 10; taken += 1) await write(chunk);
      return taken;
    },
    { PATH: process.env.PATH, PAGER: pager },
  );
}

describe("on a terminal", () => {
  const isTerminal = process.stdout.isTTY;
  beforeEach(() => {
    process.stdout.isTTY = true;
  });
  afterEach(() => {
    process.stdout.isTTY = isTerminal;
    vi.restoreAllMocks();
  });

  it("a pager gets all, and is waited for", async () => {
    expect(await show("wc -l | grep -qx 200000")).toBe(10);
  });

  it("a pager that ends early is no error, nor is one that is missing", async () => {
    for (const pager of ["true", "head -n 1 >/dev/null", "no-such-pager 2>/dev/null", "exit 3"])
      expect(await show(pager)).toBe(10);
  });

  it("what fails meanwhile is the error, and the pager is waited for", async () => {
    const failing = withPager(() => Promise.reject(new Error("no diff")), {
      PATH: process.env.PATH,
      PAGER: "cat >/dev/null",
    });
    await expect(failing).rejects.toThrow("no diff");
    expect(process.listenerCount("SIGINT")).toBe(0);
  });

  it("no pager gets no control characters", async () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    await withPager((write) => write(Buffer.from("a\x1b[31m\tb\nlast")), { PAGER: "" });
    expect(written.join("")).toBe("a\\x1b[31m\tb\nlast\n");
  });
});

import { existsSync, mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { asKheadersError, KheadersError } from "../../../shared/errors.js";

/** What `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it went wrong, write`), { code, errno: -1, syscall: "write" });
}

describe("asKheadersError", () => {
  it("leaves an error with a code as it is", () => {
    const error = new KheadersError("device-lost", "gone");
    expect(asKheadersError(error)).toBe(error);
  });

  it("takes an error of a system call for the machine's, not for a bug in kheaders", () => {
    const error = asKheadersError(thrownBy(() => readFileSync("/nonexistent/file")));
    expect(error).toMatchObject({ code: "system-error", exitStatus: 8 });
    expect(error.message).toBe("/nonexistent/file: no such file or directory");
  });

  it("shows no temporary name, and no name of an error", () => {
    const rename = (path: string) => Object.assign(systemError("EACCES"), { path });
    const error = asKheadersError(rename("/home/user/.kheaders-0123456789abcdef"));
    expect(error.message).toBe("/home/user: permission denied");
    expect(asKheadersError(rename("/cache/.tmp-1-2/trees")).message).toBe("/cache: permission denied");
    expect(asKheadersError(systemError("ENOMEM")).message).toBe("the system call write: not enough memory");
  });

  it.each(["ENOSPC", "EDQUOT"])("takes %s for a full disk", (code) => {
    expect(asKheadersError(systemError(code))).toMatchObject({ code: "disk-full", exitStatus: 8 });
  });

  it("says what to do about too many open files", () => {
    expect(asKheadersError(systemError("EMFILE")).hint).toContain("ulimit -n");
  });

  it("names the current folder where that was removed", () => {
    const before = process.cwd();
    const folder = mkdtempSync(join(tmpdir(), "kheaders-gone-"));
    process.chdir(folder);
    try {
      rmdirSync(folder);
      const error = asKheadersError(thrownBy(() => existsSync(resolve("headers"))));
      expect(error).toMatchObject({ code: "usage", message: "the current folder no longer exists" });
    } finally {
      process.chdir(before);
    }
  });

  it.each([
    ["an error of Node's own", thrownBy(() => Buffer.alloc(-1))],
    ["an error", new TypeError("x is undefined")],
    ["anything else", "text"],
  ])("takes %s for a bug in kheaders", (_, thrown) => {
    const error = asKheadersError(thrown);
    expect(error).toMatchObject({ code: "internal-error", exitStatus: 70 });
    expect(error.message).toMatch(/^this is a bug in kheaders: /);
  });
});

import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { vi } from "vitest";
import { temporaryFolder } from "./cache-fixture.js";

/** Puts a script of a shell first in PATH that stands for a program; `vi.unstubAllEnvs` takes it away. */
export function fakeProgram(name: string, body: string): void {
  const bin = temporaryFolder();
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  vi.stubEnv("PATH", `${bin}${delimiter}${process.env.PATH}`);
}

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { exitStatusOf } from "../../../shared/errors.js";
import { findProgram } from "../../support/programs.js";
import { skipBecause } from "../../support/skip.js";

const file = fileURLToPath(new URL("../../../docs/kheaders-watch.service", import.meta.url));
const text = readFileSync(file, "utf8");

it("takes the status after SIGTERM for success, and runs watch", () => {
  expect(text).toMatch(/^ExecStart=\/usr\/local\/bin\/kheaders watch$/m);
  expect(text).toMatch(new RegExp(`^SuccessExitStatus=${exitStatusOf.terminated}$`, "m"));
});

if (findProgram("systemd-analyze") === undefined) {
  skipBecause("there is no systemd-analyze", "systemd finds nothing wrong with the unit file");
} else {
  it("has nothing that systemd finds wrong", () => {
    const folder = mkdtempSync(join(tmpdir(), "kheaders-unit-"));
    try {
      // What it runs must be there.
      const unit = join(folder, "kheaders-watch.service");
      writeFileSync(unit, text.replace("/usr/local/bin/kheaders", process.execPath));
      const { status, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

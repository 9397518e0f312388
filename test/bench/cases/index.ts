import type { BenchCase } from "../bench-case.js";
import { btf } from "./btf.js";
import { diffs } from "./diff.js";
import { farm } from "./farm.js";
import { fromStore } from "./from-store.js";
import { hit } from "./hit.js";
import { imports } from "./import.js";
import { layout } from "./layout.js";
import { misses } from "./miss.js";
import { pch } from "./pch.js";
import { secondBuild } from "./second-build.js";
import { startUp } from "./start-up.js";
import { unpack } from "./unpack.js";

/** The emulated device comes last: it takes some of the processor even when nothing is asked of it. */
export const cases: readonly BenchCase[] = [
  startUp,
  hit,
  unpack,
  ...secondBuild,
  pch,
  btf,
  farm,
  layout,
  ...diffs,
  ...imports,
  ...fromStore,
  ...misses,
];

/** What tells most, for `--quick`. */
export const quickCases: readonly string[] = ["hit", "unpack", "miss-simulated", "miss-emulated"];

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { KheadersError } from "../../shared/errors.js";
import { asBuildId, asDigest, type BuildId, type Digest } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import { type ConfigMacros, differingMacros, macrosOf, parseDotConfig } from "../kernel/config.js";
import { readKernelFacts } from "../kernel/facts.js";
import { agreed, type Fact, type Finding, factsOf, machinesOf, releasesOf, textsOf } from "./findings.js";

/** What all that was found says of the kernel, each with the place that says it. */
export interface FoundKernel {
  readonly release: Fact<string> | undefined;
  readonly version: Fact<string> | undefined;
  readonly machine: Fact<string> | undefined;
  readonly buildId: Fact<BuildId> | undefined;
  readonly config: Fact<FoundConfig> | undefined;
}

/** A configuration that was found. */
export interface FoundConfig {
  readonly macros: ConfigMacros;
  /** SHA-256 of its text. */
  readonly digest: Digest;
  /** Its text, compressed by gzip. */
  readonly compressed: Uint8Array;
}

/** At most so many differing options are named. */
const namedDifferences = 5;

/** Puts together what was found. Throws `archive-mismatch` if it is of two kernels. */
export function kernelOf(findings: readonly Finding[]): FoundKernel {
  const buildId = agreed("build-id", factsOf(findings, "buildId"));
  const known = buildId && asBuildId(buildId.value);
  return {
    release: agreed("release", releasesOf(findings)),
    version: agreed("version", factsOf(findings, "version")),
    machine: agreed("machine", machinesOf(findings)),
    buildId: buildId && known && { from: buildId.from, value: known },
    config: configOf(findings),
  };
}

/** The configuration: the kernel's own before a file beside it, which may spell it otherwise. */
function configOf(findings: readonly Finding[]): Fact<FoundConfig> | undefined {
  const inKernel = factsOf(findings, "config").map((fact) => ({ ...fact, value: readConfig(fact.value) }));
  const texts = textsOf(findings, "configuration").map(({ from, value }) => {
    const compressed = gzipSync(value);
    return { from, value: { compressed, digest: digestOf(value), macros: macrosOf(parseDotConfig(value)) } };
  });
  const all = [...inKernel, ...texts].flatMap(({ from, value }) =>
    value === undefined ? [] : [{ from, value }],
  );
  const [first, ...others] = all;
  for (const other of others) {
    if (first !== undefined)
      assertSameConfig(
        { from: first.from, value: first.value.macros },
        { from: other.from, value: other.value.macros },
      );
  }
  return first;
}

function readConfig(compressed: Uint8Array): FoundConfig | undefined {
  const { config, configDigest } = readKernelFacts({ config: compressed, notes: undefined });
  if (config === undefined || configDigest === undefined) return undefined;
  return { compressed, digest: configDigest, macros: macrosOf(config) };
}

/** Throws `archive-mismatch` if two configurations differ in an option. */
export function assertSameConfig(one: Fact<ConfigMacros>, other: Fact<ConfigMacros>): void {
  const differing = differingMacros(one.value, other.value);
  if (differing.length === 0) return;
  const named = differing.slice(0, namedDifferences).map((name) => printable(name, 80));
  const more = differing.length > named.length ? ` and ${differing.length - named.length} more` : "";
  throw new KheadersError(
    "archive-mismatch",
    `the sources are of different kernels: the configurations of ${printable(one.from, 400)} and ${printable(other.from, 400)} differ in ${named.join(", ")}${more}`,
    { hint: "Give the files of one kernel. Nothing was imported." },
  );
}

/** The machine that a configuration is for, as `uname -m`; undefined where that depends on the processor. */
export function machineOfConfig(config: ConfigMacros): string | undefined {
  if (config.has("CONFIG_X86_64")) return "x86_64";
  if (config.has("CONFIG_ARM64")) return "aarch64";
  return config.has("CONFIG_RISCV") && config.has("CONFIG_64BIT") ? "riscv64" : undefined;
}

function digestOf(text: string): Digest {
  const digest = asDigest(createHash("sha256").update(text).digest("hex"));
  if (digest === undefined) throw new KheadersError("internal-error", "A digest was not made.");
  return digest;
}

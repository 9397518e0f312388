/**
 * Many clients of one registry on this machine, for docs/scale.md: `npx tsx test/bench/store-load.ts [CLIENTS] [KERNELS]`.
 * Each client is a host whose cache lacks the kernel of its device: it asks for the kernel, and reads the archive with all
 * checks; it only does not unpack. They share this process, so a client takes more processor time than the registry.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { findKernels } from "../../host/sharing/find.js";
import { manifestOf, mediaTypeOf } from "../../host/sharing/kernel-manifest.js";
import { tagsOf } from "../../host/sharing/tags.js";
import { contentOf, readThrough } from "../../host/store/content.js";
import { emptyConfig, formatManifest } from "../../host/store/manifest.js";
import { openRepository } from "../../host/store/open.js";
import { asBuildId } from "../../shared/identity.js";
import { startRegistry } from "../lab/index.js";
import { processorTimeOf } from "./processor-time.js";

/** Bytes of an archive. */
const archiveBytes = 4_000_000;
/** No client begins after that. */
const maxSeconds = 120;
/** So many clients are served at the same time. */
const lanes = 50;

const clients = Number(process.argv[2] ?? 1000);
const kernels = Number(process.argv[3] ?? 20);
const { signal } = new AbortController();
const registry = await startRegistry();
try {
  const address = `oci://${registry.host}/load/kernels`;
  const stored = Array.from({ length: kernels }, (_, number) => kernelNumbered(number));
  const filling = openRepository(address);
  await filling.putBlob(emptyConfig, signal);
  for (const { archive, manifest, tags } of stored) {
    await filling.putBlob(archive, signal);
    for (const { tag } of tags) await filling.putManifest(tag, manifest, signal);
  }
  const before = processorTimeOf([registry.pid]);
  const started = performance.now();
  const times: number[] = [];
  const numbers = Array.from({ length: clients }, (_, number) => number).values();
  const lane = async () => {
    for (const number of numbers) {
      const began = performance.now();
      if (began - started > maxSeconds * 1000) return;
      const { known } = stored[number % kernels] as (typeof stored)[number];
      const repository = openRepository(address, { stallSeconds: maxSeconds });
      // A signal of its own, as each host has.
      const { signal } = new AbortController();
      const found = (await findKernels(repository, known, signal).next()).value;
      if (found === undefined) throw new Error("a kernel was not found");
      await readThrough(repository.blob(found.archive, signal));
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, clients) }, lane));
  const seconds = (performance.now() - started) / 1000;
  const cpu = processorTimeOf([registry.pid]) - before;
  const sorted = times.sort((one, other) => one - other);
  const at = (share: number) =>
    `${((sorted[Math.floor(share * (times.length - 1))] ?? 0) / 1000).toFixed(1)} s`;
  const memory = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${registry.pid}/status`, "utf8"))?.[1];
  process.stdout.write(
    [
      `${times.length} of ${clients} clients, ${lanes} at a time, ${kernels} kernels of ${archiveBytes / 1e6} MB: served in ${seconds.toFixed(1)} s`,
      `a client took ${at(0.5)} in the median, ${at(0.95)} for 95 of 100`,
      `${(times.length / seconds).toFixed(0)} clients and ${((times.length * archiveBytes) / 1e6 / seconds).toFixed(0)} MB a second`,
      `the registry: ${(cpu / times.length).toFixed(1)} ms of processor time a client, ${Math.round(Number(memory) / 1024)} MB of memory`,
      "",
    ].join("\n"),
  );
} finally {
  await registry.stop();
}

function kernelNumbered(number: number) {
  const buildId = asBuildId(randomBytes(20).toString("hex"));
  const archive = contentOf(mediaTypeOf("archive"), randomBytes(archiveBytes));
  const kernel = {
    fingerprint: undefined,
    release: `6.6.${number}-load`,
    version: "#1 SMP PREEMPT Mon May 6 12:00:00 UTC 2024",
    machine: "aarch64",
    buildId,
    configDigest: undefined,
  };
  const known = { ...kernel, optionsDigest: undefined };
  const stored = { kernel, optionsDigest: undefined, source: "module", archive, parts: new Map() } as const;
  return { archive, known, manifest: formatManifest(manifestOf(stored)), tags: tagsOf(known) };
}

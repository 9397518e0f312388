/**
 * The library: what the commands do, for other programs. It prints nothing, and takes an AbortSignal for whatever waits.
 * All options may be left out: then it is as on the command line without that flag, environment variables included.
 * What can go wrong is a {@link KheadersError} with a code that does not change.
 */
import { type BtfOptions, type LocatedBtf, withBtf as withLocatedBtf } from "./btf/locate.js";
import {
  type CheckModulesOptions,
  checkModules as checkModulesOf,
  type ModuleCheck,
} from "./build/module/check-modules.js";
import {
  buildModule as buildModuleOf,
  type ModuleBuildResult,
  type ModuleOptions,
} from "./build/module/module.js";
import { type PchOptions, type PrecompiledHeader, precompileHeaders as precompile } from "./build/pch.js";
import { type TreeInfo, treeInfo as treeInfoOf } from "./build/tree-info.js";
import {
  type DiffOptions,
  type SummarizedDiff,
  summarizeKernelDiff as summarizeDiff,
  withKernelDiff as withDiff,
  withWholeKernelDiff as withWholeDiff,
} from "./compare/diff/diff-kernels.js";
import type { KernelDiff, PartName } from "./compare/diff/kernel-diff.js";
import type { DiffSummary } from "./compare/diff/summary.js";
import { type DeviceImport, importForDevice as importServing } from "./import/for-device.js";
import { type ImportResult, importHeaders as importFrom } from "./import/import.js";
import type { ImportOptions } from "./import/options.js";
import type { PullOptions } from "./pull/options.js";
import { neverAborts, type Optional, openCache, completePullOptions as pullOptions } from "./pull/options.js";
import { pull as pullFromDevice } from "./pull/pull.js";
import type { PullResult } from "./pull/result.js";
import { type LocatedTree, withTree as withLocatedTree } from "./pull/tree/locate.js";
import { findOffline as findInCache, type OfflineSelector } from "./pull/tree/offline.js";
import { type Symvers, symvers as symversOfDevice } from "./symvers/collect.js";

export { type ErrorCode, exitStatusOf, KheadersError } from "../shared/errors.js";
export type { BuildId, Digest, KernelIdentity, KernelKey, KnownKernel, Source } from "../shared/identity.js";
export type { ProgressEvent, ProgressListener, Stage } from "../shared/progress.js";
export type { DeviceChoice } from "./adb/devices.js";
export type { Endpoint, EndpointOptions } from "./adb/endpoint.js";
export type { AdbServer } from "./adb/server.js";
export { type ArchiveFiles, archiveFiles, type FileMap } from "./archive/files.js";
export type { BtfOptions, BtfSource, LocatedBtf } from "./btf/locate.js";
export { type BpfObject, type BpfOptions, type BpfVersion, compileBpf } from "./build/bpf.js";
export type { BuildTools } from "./build/build-tools.js";
export { buildVariables } from "./build/build-variables.js";
export { type CheckHeadersOptions, checkHeaders, type HeaderCheck } from "./build/check-headers.js";
export { clangIncludeFolder } from "./build/clang.js";
export { compilerFlags } from "./build/compiler-flags.js";
export type { Purpose } from "./build/makefile-flags.js";
export type { CheckedModule, CheckModulesOptions, ModuleCheck } from "./build/module/check-modules.js";
export type { FitCheck, Misfit } from "./build/module/fit.js";
export type { LentKbuild } from "./build/module/kernel-folder.js";
export type { BuiltModule, ModuleBuildResult, ModuleOptions } from "./build/module/module.js";
export type { PchOptions, PrecompiledHeader } from "./build/pch.js";
export { cmakeWord, makeWord, shellWord } from "./build/quoting.js";
export type { TreeInfo } from "./build/tree-info.js";
export type {
  Cache,
  CacheEntry,
  CacheInfo,
  KeepExtraOptions,
  Kernel,
  Lease,
  ListedKernel,
  ListedTree,
  Listing,
  MakeExtra,
  OpenedTree,
  Problem,
  PruneOptions,
  PruneReport,
  RemovedTree,
  RemoveReport,
  VerifyOptions,
  VerifyReport,
} from "./cache/index.js";
export type { SummarizedDiff } from "./compare/diff/diff-kernels.js";
export type * from "./compare/diff/kernel-diff.js";
export { readHeader } from "./compare/diff/read-header.js";
export type { KernelNames } from "./compare/diff/sides.js";
export type {
  ConfigSummary,
  DiffSummary,
  HeadersSummary,
  SymbolsSummary,
  TypesSummary,
} from "./compare/diff/summary.js";
export type { Declaration } from "./compare/layout/declaration.js";
export { type FoundType, findType } from "./compare/layout/find-type.js";
export type { Gap } from "./compare/layout/gaps.js";
export {
  type Body,
  type Layout,
  type LayoutMember,
  type LayoutOptions,
  layoutOf,
} from "./compare/layout/layout.js";
export { type MemberPlace, memberAt } from "./compare/layout/member-path.js";
export { type TypesOptions, withTypes } from "./compare/layout/with-types.js";
export { pageOf } from "./compare/page/page.js";
export { type Check, type DoctorOptions, doctor } from "./doctor/doctor.js";
export { type Pattern, parsePattern } from "./farm/match.js";
export { exitStatusOfAll, type FarmEvent, type PullManyOptions, pullMany } from "./farm/pull-many.js";
export type { DeviceOutcome } from "./farm/pull-one.js";
export type { Selection, Skipped, Target } from "./farm/selection.js";
export {
  type DeviceReport,
  type SurveyEvent,
  type SurveyedDevice,
  type SurveyOptions,
  survey,
} from "./farm/survey.js";
export type { CommandEnd, TreeCommand } from "./farm/tree-commands.js";
export { type WatchEvent, type WatchOptions, watch } from "./farm/watch.js";
export type { DeviceImport, Verdict } from "./import/for-device.js";
export type { FoundPart, ImportResult } from "./import/import.js";
export type { ImportOptions } from "./import/options.js";
export type { Architecture } from "./kernel/architecture.js";
export type { Btf } from "./kernel/btf/btf.js";
export type { Kind } from "./kernel/btf/kinds.js";
export { readBtf } from "./kernel/btf/read.js";
export { pointerSize, sizeOf } from "./kernel/btf/resolve.js";
export type * from "./kernel/btf/types.js";
export type { KernelConfig } from "./kernel/config.js";
export { readTreeFacts, type TreeFacts } from "./kernel/tree-facts.js";
export type { Headers } from "./pull/headers-offer.js";
export type { PullOptions } from "./pull/options.js";
export { adbServer, cacheDir, type Optional, openCache } from "./pull/options.js";
export type { PullResult } from "./pull/result.js";
export type { SharedStore, StoreOffer, StoreUse } from "./pull/shared-store.js";
export type { PullTimes } from "./pull/transfer/clock.js";
export { treeEnvironment } from "./pull/tree/environment.js";
export type { LocatedTree } from "./pull/tree/locate.js";
export type { OfflineSelector } from "./pull/tree/offline.js";
export { type UnloadOptions, unload } from "./pull/unload.js";
export type { FoundKernel } from "./sharing/find.js";
export type { PartName, StoredKernel } from "./sharing/kernel-manifest.js";
export { type ListedStoredKernel, listStore, type StoreListing } from "./sharing/list.js";
export { type PushedKernel, type PushOptions, pushKernel } from "./sharing/push.js";
export { type TakenKernel, type TakeOptions, takeKernel } from "./sharing/take.js";
export { type UseStoreOptions, useStore } from "./sharing/use.js";
export { type StoreReport, verifyStore } from "./sharing/verify.js";
export { type OpenStoreOptions, openRepository } from "./store/open.js";
export type { Repository } from "./store/repository.js";
export type { Symvers } from "./symvers/collect.js";
export type { SkippedModule } from "./symvers/collection.js";
export { checkCopyTarget, copyTree } from "./user-files/copy.js";
export { checkLinkTarget, copyOutput, outputTarget, updateLink } from "./user-files/output.js";

/** The version of kheaders. */
export const version: string = KHEADERS_VERSION;

/**
 * Gives the headers of the kernel that a device is running right now: from the cache where an entry proves to be of that
 * kernel, else from the device.
 *
 * @throws KheadersError with any code but `usage`; the signal's reason when it aborts, once the device is as it was.
 */
export async function pull(options: Optional<PullOptions> = {}): Promise<PullResult> {
  return pullFromDevice(await pullOptions(options));
}

/**
 * Answers from the cache alone, with no device.
 *
 * @throws KheadersError `not-cached`; `several-kernels` where several fit: the message lists them; `usage` for a digest
 * that is none.
 */
export async function findOffline(
  selector: OfflineSelector,
  options: Optional<Pick<PullOptions, "cache" | "signal" | "onProgress">> = {},
): Promise<PullResult> {
  const { signal = neverAborts(), onProgress = () => undefined } = options;
  return findInCache(options.cache ?? (await openCache()), selector, { signal, onProgress });
}

/**
 * Takes the headers of a kernel out of files or `https://` addresses, and enters them in the cache, with what else they say of
 * that kernel. They serve a device by the same rule as headers that were pulled.
 *
 * @throws KheadersError `no-headers`, `archive-mismatch` for files of two kernels, `file-corrupt`, `file-refused`,
 * `archive-corrupt`, `archive-refused`, `tool-missing`, `download-failed`, `usage`, and those of the cache; the signal's
 * reason when it aborts.
 */
export async function importHeaders(
  options: Pick<ImportOptions, "sources"> & Optional<ImportOptions>,
): Promise<ImportResult> {
  return importFrom({
    sources: options.sources,
    fingerprint: options.fingerprint,
    expected: options.expected,
    cache: options.cache ?? (await openCache()),
    store: options.store,
    signal: options.signal ?? neverAborts(),
    onProgress: options.onProgress ?? (() => undefined),
  });
}

/**
 * As {@link importHeaders}, for the system that the chosen device runs, and tells whether they serve it. Files of another
 * release are refused before they are unpacked.
 *
 * @throws KheadersError as {@link importHeaders}, and what reaching a device throws.
 */
export async function importForDevice(
  options: Pick<ImportOptions, "sources"> & Optional<Pick<ImportOptions, "store">>,
  device: Optional<PullOptions> = {},
): Promise<DeviceImport> {
  const pulling = await pullOptions(device);
  const { cache, signal, onProgress } = pulling;
  const { sources, store } = options;
  return importServing({ sources, store, cache, signal, onProgress }, pulling);
}

/**
 * Locates a tree and runs `work` on it: a folder, the digest of a cached archive or its beginning, or (if `what` is
 * undefined) the headers of the chosen device, which are pulled if need be. A cached tree is neither pruned nor removed
 * while `work` runs.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, and what {@link pull} and `work` throw.
 */
export async function withTree<T>(
  what: string | undefined,
  options: Optional<PullOptions>,
  work: (located: LocatedTree) => Promise<T>,
): Promise<T> {
  return withLocatedTree(what, await pullOptions(options), work);
}

/**
 * Tells what a tree is of: release, architecture, configuration, and what stands in the way of building modules with it.
 *
 * @param what As for {@link withTree}.
 * @throws KheadersError `usage` if it is not a kernel header tree, and what {@link withTree} throws.
 */
export async function treeInfo(
  what: string | undefined,
  options: Optional<PullOptions> = {},
): Promise<TreeInfo> {
  const all = await pullOptions(options);
  return withLocatedTree(what, all, (located) => treeInfoOf(located, all.cache));
}

/**
 * Locates the BTF of a kernel and runs `work` on it: the kernel's own, that of a file that was imported, or what its headers
 * make, in this order. A cached file is neither pruned nor removed while `work` runs.
 *
 * @param what As for {@link withTree}; if undefined, the kernel that the chosen device runs.
 * @throws KheadersError `no-btf`, `needs-root`, `tool-missing`, `compile-failed`, and what {@link withTree} throws.
 */
export async function withBtf<T>(
  what: string | undefined,
  options: Optional<BtfOptions>,
  work: (located: LocatedBtf) => Promise<T>,
): Promise<T> {
  const pulled = await pullOptions(options);
  return withLocatedBtf(what, { ...pulled, from: options.from, clang: options.clang ?? "clang" }, work);
}

/**
 * Gives the symbol versions of the kernel that a device runs, as its modules tell them: from the cache, else from the device.
 * A kernel with CONFIG_MODVERSIONS wants them in the modules that it loads. `refresh` is of the versions alone.
 *
 * @throws KheadersError `no-symbol-versions`, `symbol-conflict`, and what {@link pull} throws.
 */
export async function symvers(options: Optional<PullOptions> = {}): Promise<Symvers> {
  return symversOfDevice(await pullOptions(options));
}

/**
 * Builds the kernel modules of a folder, with symbol versions: for the headers of the chosen device, or another tree.
 *
 * @throws KheadersError `compile-failed`, `tool-missing`, `usage`, and what {@link pull} and {@link symvers} throw.
 */
export async function buildModule(
  options: Pick<ModuleOptions, "dir"> &
    Optional<Omit<ModuleOptions, "dir" | "pull">> & { readonly pull?: Optional<PullOptions> | undefined },
): Promise<ModuleBuildResult> {
  return buildModuleOf({
    dir: options.dir,
    tree: options.tree,
    kbuild: options.kbuild,
    force: options.force ?? false,
    makeArguments: options.makeArguments ?? [],
    pull: await pullOptions(options.pull ?? {}),
    onOutput: options.onOutput ?? (() => undefined),
  });
}

/**
 * Tells whether a kernel would load modules, without loading them: that of the chosen device, or of another tree.
 *
 * @throws KheadersError `usage`, and what {@link pull} and {@link symvers} throw.
 */
export async function checkModules(
  options: Pick<CheckModulesOptions, "paths"> &
    Optional<Omit<CheckModulesOptions, "paths" | "pull">> & {
      readonly pull?: Optional<PullOptions> | undefined;
    },
): Promise<ModuleCheck> {
  return checkModulesOf({
    paths: options.paths,
    tree: options.tree,
    clang: options.clang ?? "clang",
    pull: await pullOptions(options.pull ?? {}),
  });
}

/**
 * Precompiles headers of a tree, by default those that tracers use, with the `clang` in PATH. It is kept beside a cached
 * tree.
 *
 * @param options `located` is what {@link withTree} gives.
 * @throws KheadersError `compile-failed`, `tool-missing`, `usage`, `cache-failed`, `output-failed`, `disk-full`.
 */
export async function precompileHeaders(
  options: Pick<PchOptions, "located" | "purpose"> & Optional<PchOptions>,
): Promise<PrecompiledHeader> {
  return precompile({
    located: options.located,
    cache: options.cache ?? (await openCache()),
    purpose: options.purpose,
    headers: options.headers ?? [],
    clang: options.clang ?? "clang",
    flags: options.flags ?? [],
    output: options.output,
    signal: options.signal ?? neverAborts(),
    onDiagnostics: options.onDiagnostics ?? (() => undefined),
    onWarning: options.onWarning ?? (() => undefined),
  });
}

/** Which kernels to compare; all else may be left out. */
export type KernelDiffOptions = Pick<DiffOptions, "names"> & Optional<Omit<DiffOptions, "names">>;

/**
 * Compares two kernels in some parts and runs `work` with their differences. Until it ends, neither tree is pruned or removed.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, `no-btf`, `tool-missing`, `no-symbol-versions`, and what {@link pull}
 * and `work` throw.
 */
export async function withKernelDiff<T>(
  parts: readonly PartName[],
  options: KernelDiffOptions,
  work: (diff: KernelDiff) => Promise<T>,
): Promise<T> {
  return withDiff(parts, await diffOptions(options), work);
}

/**
 * Compares two kernels in all parts and runs `work` with their differences and a summary; what cannot be told without much work on
 * a device is unknown. Until it ends, neither tree is pruned or removed.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, and what {@link pull} and `work` throw.
 */
export async function withWholeKernelDiff<T>(
  options: KernelDiffOptions,
  work: (diff: KernelDiff, summary: DiffSummary) => Promise<T>,
): Promise<T> {
  return withWholeDiff(await diffOptions(options), work);
}

/**
 * Counts in what two kernels differ, in all parts; one that cannot be told is unknown. The result is kept in the cache.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, and what {@link pull} throws.
 */
export async function summarizeKernelDiff(options: KernelDiffOptions): Promise<SummarizedDiff> {
  return summarizeDiff(await diffOptions(options));
}

async function diffOptions(options: KernelDiffOptions): Promise<DiffOptions> {
  return { ...(await pullOptions(options)), names: options.names, clang: options.clang ?? "clang" };
}

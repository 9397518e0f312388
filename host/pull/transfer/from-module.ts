import { tmpdir } from "node:os";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { ProgressListener } from "../../../shared/progress.js";
import { moduleFolders } from "../../../shared/protocol.js";
import { AgentRefusal } from "../../agent/conversation.js";
import type { ListedModule, ModuleListing } from "../../agent/module-listing.js";
import { archiveLimits } from "../../archive/limits.js";
import { startDecoder } from "../../archive/xz/start.js";
import type { Staging } from "../../cache/index.js";
import type { ByteSource } from "../../formats/byte-source.js";
import { readKernelFile } from "../../formats/kernel-file.js";
import { kernelFileLimits } from "../../formats/limits.js";
import { TemporaryFiles } from "../../formats/temporary-files.js";
import type { Session } from "../look-up.js";
import type { Headway } from "./headway.js";
import { type Received, receiveArchive } from "./receive.js";
import { fileSource } from "./source.js";

/** What a module has beside its archive: code, symbols, debug information, a signature. */
const maxModuleBytes = archiveLimits.compressedBytes + 4 * 1024 * 1024;
/** More than a device has of its kernel; each may take seconds to transfer. */
const maxModules = 4;

/**
 * Takes the archive out of a kheaders.ko on the device, which is read and not loaded: as the shell if it may, else as root.
 *
 * Throws `no-headers` if there is none, `needs-root` if only root may look for it, `archive-mismatch` if it is of another
 * kernel, and what receiving throws.
 */
export async function receiveFromModule(
  session: Session,
  staging: Staging,
  headway: Headway,
): Promise<Received> {
  const { options } = session;
  const onProgress = headway.watch(options.onProgress);
  const files = new TemporaryFiles(tmpdir(), kernelFileLimits);
  try {
    const modules = await locateModules(session);
    for (const module of modules) {
      const started = performance.now();
      const file = await files.keep(await transferred(session, module, onProgress));
      const transferMilliseconds = performance.now() - started;
      const received = await receiveOwn(session, file, staging, onProgress);
      if (received !== undefined) return { ...received, transferMilliseconds };
    }
    throw noneFits(modules, session);
  } finally {
    files.close();
  }
}

/** The kheaders.ko files on the device, those of the running release first. */
async function locateModules(session: Session): Promise<ListedModule[]> {
  const { conversation, kernel, options } = session;
  // Nothing else brings them here, and the archive has to agree with them.
  if (kernel.lacksFacts) await kernel.askFacts();
  options.onProgress({ type: "stage", stage: "reading-modules" });
  const listing = await conversation.modules();
  const found = kheadersModules(listing, kernel.identity.release);
  if (found.length > 0) return found;
  if (!kernel.canBecomeRoot) throw noModule(listing);
  await kernel.becomeRoot("the module folders can only be listed as root");
  const asRoot = await conversation.modules();
  const foundAsRoot = kheadersModules(asRoot, kernel.identity.release);
  if (foundAsRoot.length === 0) throw noModule({ ...asRoot, denied: [] });
  return foundAsRoot;
}

/** The modules of that name, compressed or not, the running release's first: below its folder, as modprobe looks for it. */
export function kheadersModules(
  { modules }: Pick<ModuleListing, "modules">,
  release: string,
): ListedModule[] {
  const named = modules.filter(
    ({ path, size }) => /\/kheaders\.ko(\.[a-z0-9]+)?$/.test(path) && size <= maxModuleBytes,
  );
  const isOwn = ({ path }: ListedModule) => path.includes(`/${release}/`);
  return [...named.filter(isOwn), ...named.filter((module) => !isOwn(module))].slice(0, maxModules);
}

/** The bytes of a module file as they come; as root if the shell may not read it. */
async function transferred(
  session: Session,
  module: ListedModule,
  onProgress: ProgressListener,
): Promise<AsyncIterable<Uint8Array>> {
  const { conversation, kernel, clock } = session;
  const begin = async () => {
    const bytes = conversation.file(module);
    return { bytes, first: await bytes.next() };
  };
  const { bytes, first } = await begin().catch(async (error: unknown) => {
    if (!(error instanceof AgentRefusal)) throw error;
    const purpose = `${printable(module.path)} can only be read as root`;
    if (!kernel.canBecomeRoot) throw needsRoot(purpose);
    await kernel.becomeRoot(purpose);
    return begin();
  });
  clock.lap("load");
  onProgress({ type: "stage", stage: "transferring", detail: `${module.size} bytes` });
  return (async function* () {
    let count = 0;
    for (let next = first; next.done !== true; next = await bytes.next()) {
      count += next.value.length;
      onProgress({ type: "progress", bytes: count, total: module.size });
      yield next.value;
    }
  })();
}

/** Receives the archive of a module that was built for the running release; undefined for another. */
async function receiveOwn(
  { kernel, options }: Session,
  file: ByteSource,
  staging: Staging,
  onProgress: ProgressListener,
): Promise<Received | undefined> {
  const { signal, allowMismatch } = options;
  const contents = await readKernelFile(file, { scratch: tmpdir(), signal });
  const decoder = startDecoder();
  try {
    const isOwn = contents?.release === kernel.identity.release;
    if (contents?.archive === undefined || !(isOwn || allowMismatch)) return undefined;
    // The transfer from the device was told already.
    const tell: ProgressListener = (event) => {
      if (event.type !== "progress" && !(event.type === "stage" && event.stage === "transferring"))
        onProgress(event);
    };
    return await receiveArchive(fileSource(contents.archive, signal), staging, decoder, {
      signal,
      onProgress: tell,
    });
  } finally {
    await decoder.close();
    contents?.close();
  }
}

function noModule({ denied }: Pick<ModuleListing, "denied">): KheadersError {
  const folders = denied.map((folder) => printable(folder)).join(", ");
  if (folders !== "") return needsRoot(`${folders} can only be listed as root`);
  return new KheadersError(
    "no-headers",
    `there is no kheaders.ko in the device's module folders. Searched: ${moduleFolders.join(", ")}`,
    { hint: "Install the modules that were built with this kernel (system_dlkm, vendor_dlkm)." },
  );
}

function needsRoot(purpose: string): KheadersError {
  return new KheadersError("needs-root", purpose, {
    hint: "Root the device, or use a userdebug build with --root.",
  });
}

function noneFits(modules: readonly ListedModule[], { kernel }: Session): KheadersError {
  const paths = modules.map(({ path }) => printable(path)).join(", ");
  return new KheadersError(
    "archive-mismatch",
    `${paths} holds no headers of the running kernel ${printable(kernel.identity.release)}`,
    { hint: "Install the modules that were built with this kernel." },
  );
}

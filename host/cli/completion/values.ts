import type { Argument, Option } from "commander";
import { printable } from "../../../shared/printable.js";
import { AdbConnection } from "../../adb/connection.js";
import { type Device, readDevices } from "../../adb/devices.js";
import type { Cache, ListedKernel } from "../../cache/index.js";
import { shortDigest } from "../report/removed-tree.js";

/** A word that may be typed. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What the shell adds by itself. */
export type FromShell = "nothing" | "files" | "folders" | "programs";

export interface Values {
  readonly candidates: readonly Candidate[];
  readonly fromShell: FromShell;
}

/** Where values come from. */
export interface Sources {
  /** The devices of the adb server, if one runs. */
  devices(): Promise<readonly Device[]>;
  kernels(): Promise<readonly ListedKernel[]>;
}

type Kind = (sources: Sources) => Promise<Values>;

/** What a value is, by the name that it has in the help: `<file>`, `[tree]`. A new name needs a line here. */
export const valueKinds: Readonly<Record<string, Kind>> = {
  address: only("nothing"),
  arguments: only("files"),
  command: only("programs"),
  digest: of(digests),
  dir: only("folders"),
  duration: only("nothing"),
  file: only("files"),
  files: only("files"),
  fingerprint: of(fingerprints),
  flags: only("files"),
  headers: only("nothing"),
  host: only("nothing"),
  id: of(async (sources) =>
    (await sources.devices()).flatMap(({ transportId, serial }) =>
      transportId === undefined ? [] : [{ word: transportId, description: serial }],
    ),
  ),
  name: only("nothing"),
  names: only("nothing"),
  new: kernel,
  number: only("nothing"),
  old: kernel,
  path: only("files"),
  pattern: only("nothing"),
  port: only("nothing"),
  program: only("programs"),
  release: of(releases),
  seconds: only("nothing"),
  serial: of(async (sources) =>
    (await sources.devices()).map(({ serial, state, model }) => ({
      word: serial,
      description: [model ?? "", state === "device" ? "" : state].filter((text) => text !== "").join(", "),
    })),
  ),
  size: only("nothing"),
  socket: only("nothing"),
  source: only("files"),
  struct: only("nothing"),
  text: only("nothing"),
  tree: async (sources) => ({ candidates: await digests(sources), fromShell: "folders" }),
  what: of(async (sources) => [...(await digests(sources)), ...(await releases(sources))]),
};

/** The name that a value has in the help. */
export function valueName(one: Option | Argument): string {
  return "flags" in one ? (/[<[]([^\]>.]+)/.exec(one.flags)?.[1] ?? "") : one.name();
}

/** The values that an option or an argument may have. */
export async function valuesOf(one: Option | Argument, sources: Sources): Promise<Values> {
  const { argChoices } = one;
  if (argChoices) {
    return { candidates: argChoices.map((word) => ({ word, description: "" })), fromShell: "nothing" };
  }
  const kind = valueKinds[valueName(one)];
  return kind === undefined ? { candidates: [], fromShell: "files" } : kind(sources);
}

/** The devices of a server that runs; it is never started. @throws KheadersError, AdbServerAbsent. */
export async function devicesOf(endpoint: Parameters<typeof AdbConnection.open>[0]): Promise<Device[]> {
  return readDevices(await AdbConnection.open(endpoint, AbortSignal.timeout(1000)));
}

/** The cached kernels. @throws KheadersError. */
export async function kernelsOf(cache: Cache): Promise<readonly ListedKernel[]> {
  return (await cache.list()).kernels;
}

/** One of two kernels that are compared. */
async function kernel(sources: Sources): Promise<Values> {
  const devices = (await sources.devices()).map(({ serial, model }) => ({
    word: serial,
    description: model ?? "",
  }));
  return {
    candidates: [...(await digests(sources)), ...(await releases(sources)), ...devices],
    fromShell: "folders",
  };
}

function only(fromShell: FromShell): Kind {
  return async () => ({ candidates: [], fromShell });
}

function of(list: (sources: Sources) => Promise<readonly Candidate[]>): Kind {
  return async (sources) => ({ candidates: await list(sources), fromShell: "nothing" });
}

async function digests(sources: Sources): Promise<Candidate[]> {
  return (await sources.kernels()).map(({ entry }) => ({
    word: shortDigest(entry.digest),
    description: printable(entry.kernel.release),
  }));
}

async function releases(sources: Sources): Promise<Candidate[]> {
  return (await sources.kernels()).map(({ entry: { kernel } }) => ({
    word: kernel.release,
    description: printable(kernel.fingerprint ?? ""),
  }));
}

async function fingerprints(sources: Sources): Promise<Candidate[]> {
  return (await sources.kernels()).flatMap(({ entry: { kernel } }) =>
    kernel.fingerprint ? [{ word: kernel.fingerprint, description: printable(kernel.release) }] : [],
  );
}

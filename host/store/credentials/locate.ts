import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { KheadersError, reasonOf } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { runTool } from "../../process/tool.js";
import type { StoreAddress } from "../address.js";
import { storeLimits } from "../limits.js";
import { readFileUpTo } from "../local-file.js";
import { type Credentials, findCredentials, parseHelperOutput } from "./credentials.js";

/** How to look for credentials. */
export interface LocateOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * The credentials that podman or docker keep for a registry; undefined if there are none. Throws `tool-missing` if a helper
 * that is named is not installed, `store-failed` if a file cannot be read, or the signal's reason.
 */
export async function locateCredentials(
  { registry, repository }: Extract<StoreAddress, { kind: "registry" }>,
  { environment, signal }: LocateOptions,
): Promise<Credentials | undefined> {
  for (const file of credentialFiles(environment, homedir(), userRuntimeFolder())) {
    const content = await read(file, signal);
    const found = content && findCredentials(content, registry, repository);
    if (found === undefined) continue;
    if (found.kind !== "helper") return found;
    const given = await askHelper(found.helper, registry, signal);
    if (given !== undefined) return given;
  }
  return undefined;
}

async function read(file: string, signal: AbortSignal): Promise<Buffer | undefined> {
  try {
    return await readFileUpTo(file, storeLimits.credentialFileBytes, signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = `cannot read the registry credentials in ${printable(file, 1000)}: ${reasonOf(error)}`;
    const hint = "Make it readable, or name a file that is with REGISTRY_AUTH_FILE.";
    throw new KheadersError("store-failed", message, { hint, cause: error });
  }
}

/**
 * The files that have credentials, in the order of containers-auth.json(5); then docker's. `runtimeFolder` is where podman
 * keeps them for a user without XDG_RUNTIME_DIR.
 */
export function credentialFiles(
  environment: NodeJS.ProcessEnv,
  home: string,
  runtimeFolder: string | undefined,
): string[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG } = environment;
  const runtime = XDG_RUNTIME_DIR ? path.join(XDG_RUNTIME_DIR, "containers") : runtimeFolder;
  return [
    ...(REGISTRY_AUTH_FILE ? [REGISTRY_AUTH_FILE] : []),
    ...(runtime === undefined ? [] : [path.join(runtime, "auth.json")]),
    path.join(XDG_CONFIG_HOME || path.join(home, ".config"), "containers", "auth.json"),
    path.join(DOCKER_CONFIG || path.join(home, ".docker"), "config.json"),
  ];
}

/**
 * Where podman and skopeo keep the login of a job that has no session (defaultPerUIDPathFormat in pkg/docker/config/config.go
 * of containers/image v5). Undefined if they have none, also where only another user may enter `/run/containers`.
 */
function userRuntimeFolder(): string | undefined {
  const folder = `/run/containers/${process.getuid?.()}`;
  return existsSync(folder) ? folder : undefined;
}

/** Asks a helper, as docker does: the registry on its standard input. A helper that has none ends with another status than 0. */
async function askHelper(
  name: string,
  registry: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const { status, stdout, isCut } = await runTool(`docker-credential-${name}`, ["get"], {
    signal,
    input: `${registry}\n`,
    maxOutputBytes: storeLimits.smallBytes,
    hint: "It is named in the file with your registry credentials: install it, or log in anew.",
  });
  return status === 0 && !isCut ? parseHelperOutput(stdout) : undefined;
}

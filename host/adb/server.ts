import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { AdbConnection, AdbServerAbsent } from "./connection.js";
import { describeEndpoint, type Endpoint, isLocal } from "./endpoint.js";

const executable = process.platform === "win32" ? "adb.exe" : "adb";

/** An adb server, and how to reach it. */
export interface AdbServer {
  readonly endpoint: Endpoint;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Connects to the adb server. Starts it if none runs and the endpoint is on this machine; throws `adb-not-found` if there is
 * no adb to start, `adb-failed` if it does not start or does not answer.
 */
export async function connectToServer(server: AdbServer, signal: AbortSignal): Promise<AdbConnection> {
  try {
    return await AdbConnection.open(server.endpoint, signal);
  } catch (error) {
    if (!(error instanceof AdbServerAbsent)) throw error;
    if (!isLocal(server.endpoint)) {
      throw new KheadersError("adb-failed", error.message, {
        hint: "Start it on that host with: adb -a nodaemon server",
        cause: error,
      });
    }
    const adb = await startServer(server, signal);
    return await connectToStarted(server.endpoint, adb, signal);
  }
}

async function connectToStarted(
  endpoint: Endpoint,
  adb: string,
  signal: AbortSignal,
): Promise<AdbConnection> {
  try {
    return await AdbConnection.open(endpoint, signal);
  } catch (error) {
    if (!(error instanceof AdbServerAbsent)) throw error;
    throw new KheadersError("adb-failed", `${adb} started, but ${error.message}`, {
      hint: `Try it by hand: ${adb} start-server`,
      cause: error,
    });
  }
}

/** Where adb may be, first match first: `ADB`, `ANDROID_HOME`, `ANDROID_SDK_ROOT`, `PATH`. */
export function adbCandidates(environment: NodeJS.ProcessEnv): string[] {
  const sdks = [environment.ANDROID_HOME, environment.ANDROID_SDK_ROOT].filter((folder) => folder);
  return [
    ...(environment.ADB ? [environment.ADB] : []),
    ...sdks.map((folder) => join(String(folder), "platform-tools", executable)),
    ...(environment.PATH ?? "")
      .split(delimiter)
      .flatMap((folder) => (folder ? [join(folder, executable)] : [])),
  ];
}

/** Finds the adb program. */
export function findAdb(environment: NodeJS.ProcessEnv): string | undefined {
  return adbCandidates(environment).find(isExecutableFile);
}

/** Starts the server, and returns the adb that did. */
async function startServer(server: AdbServer, signal: AbortSignal): Promise<string> {
  const adb = findAdb(server.environment);
  if (adb === undefined) {
    throw new KheadersError("adb-not-found", "no adb server is running, and no adb was found to start one", {
      hint: "Install Android's platform-tools (Debian: apt install adb), or set ADB, ANDROID_HOME or PATH.",
    });
  }
  // Loaded only here: usually a server runs already.
  const [{ execFile }, { promisify }] = await Promise.all([
    import("node:child_process"),
    import("node:util"),
  ]);
  try {
    await promisify(execFile)(adb, ["-L", describeEndpoint(server.endpoint), "start-server"], {
      env: server.environment,
      signal,
    });
    return adb;
  } catch (error) {
    signal.throwIfAborted();
    const reason =
      error instanceof Error && "stderr" in error ? printable(String(error.stderr).trim(), 400) : "";
    throw new KheadersError("adb-failed", `${adb} could not start its server${reason ? `: ${reason}` : ""}`, {
      hint: `Try it by hand: ${adb} start-server`,
      cause: error,
    });
  }
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Whatever the reason, the next candidate is tried.
  }
}

import { KheadersError } from "../../shared/errors.js";

/** Where an adb server listens. */
export type Endpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** adb's global options for the server: `-H`, `-P`, `-L`. */
export interface EndpointOptions {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly socket?: string | undefined;
}

const defaultHost = "localhost";
const defaultPort = 5037;

/**
 * Chooses the server as adb does: `-L`, else `-H` and `-P`, else `ADB_SERVER_SOCKET`, else
 * `ANDROID_ADB_SERVER_ADDRESS` and `ANDROID_ADB_SERVER_PORT` (AOSP packages/modules/adb/client/commandline.cpp).
 */
export function chooseEndpoint(options: EndpointOptions, environment: NodeJS.ProcessEnv): Endpoint {
  if (options.socket !== undefined) {
    if (options.host !== undefined || options.port !== undefined) {
      throw new KheadersError("usage", "-L cannot be used with -H or -P");
    }
    return parseSocketSpec(options.socket, "-L");
  }
  if (options.host === undefined && options.port === undefined && environment.ADB_SERVER_SOCKET) {
    return parseSocketSpec(environment.ADB_SERVER_SOCKET, "ADB_SERVER_SOCKET");
  }
  const environmentPort = environment.ANDROID_ADB_SERVER_PORT;
  return {
    kind: "tcp",
    host: options.host ?? (environment.ANDROID_ADB_SERVER_ADDRESS || defaultHost),
    port:
      options.port ?? (environmentPort ? parsePort(environmentPort, "ANDROID_ADB_SERVER_PORT") : defaultPort),
  };
}

/**
 * Parses adb's socket specifications: `tcp:PORT`, `tcp:HOST:PORT`, `localfilesystem:PATH`, `localabstract:NAME`
 * (AOSP packages/modules/adb/socket_spec.cpp). `origin` names the option or variable in errors.
 */
export function parseSocketSpec(spec: string, origin: string): Endpoint {
  const colon = spec.indexOf(":");
  const kind = spec.slice(0, colon);
  const rest = spec.slice(colon + 1);
  if (rest !== "") {
    if (kind === "localfilesystem") return { kind: "unix", path: rest };
    if (kind === "localabstract") return { kind: "unix", path: `\0${rest}` };
    if (kind === "tcp") {
      const lastColon = rest.lastIndexOf(":");
      const host = lastColon < 0 ? defaultHost : rest.slice(0, lastColon).replace(/^\[(.*)\]$/, "$1");
      return { kind: "tcp", host, port: parsePort(rest.slice(lastColon + 1), origin) };
    }
  }
  throw new KheadersError("usage", `${origin}: invalid adb server socket "${spec}"`, {
    hint: "Use tcp:PORT, tcp:HOST:PORT, localfilesystem:PATH or localabstract:NAME.",
  });
}

/** Parses a TCP port. `origin` names the option or variable in errors. */
export function parsePort(text: string, origin: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new KheadersError("usage", `${origin}: invalid port "${text}" (expected 1-65535)`);
  return port;
}

/** Whether a server that does not answer may be started here: never for another host. */
export function isLocal(endpoint: Endpoint): boolean {
  return endpoint.kind === "unix" || /^(localhost|127(\.\d+){3}|::1)$/.test(endpoint.host);
}

/** An address as Node's `net.connect` takes it. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * The addresses to try, in order. As for adb, `localhost` means the loopback addresses, IPv4 first (AOSP
 * system/core/libcutils/socket_network_client_unix.cpp and adb's socket_spec.cpp), whatever the machine's resolver
 * says: asking it takes longer than connecting.
 */
export function addressesOf(endpoint: Endpoint): readonly Address[] {
  if (endpoint.kind === "unix") return [{ path: endpoint.path }];
  const { host, port } = endpoint;
  const hosts = host === defaultHost ? ["127.0.0.1", "::1"] : [host];
  return hosts.map((address) => ({ host: address, port }));
}

/** The endpoint as people and `adb -L` write it. */
export function describeEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "tcp") return `tcp:${endpoint.host}:${endpoint.port}`;
  if (endpoint.path.startsWith("\0")) return `localabstract:${endpoint.path.slice(1)}`;
  return `localfilesystem:${endpoint.path}`;
}

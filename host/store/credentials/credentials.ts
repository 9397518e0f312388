import { NotOci, parseObject } from "../manifest.js";

/** Who we are to a registry. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A token that is exchanged for others (`docker login` at some registries). */
  | { readonly kind: "identity"; readonly token: string };

/** Where a file with credentials says that those of a registry are. */
export type FoundCredentials = Credentials | { readonly kind: "helper"; readonly helper: string };

/** What docker-credential helpers give as the name where the secret is an identity token. */
const tokenUser = "<token>";

/**
 * Finds the credentials of a registry in a `config.json` of docker or an `auth.json` of podman (containers-auth.json(5)): its
 * own helper, then what the file itself has, the most special first, then the helper of all registries.
 *
 * @param registry host, with its port.
 * @returns undefined if the file has none, or is not such a file.
 */
export function findCredentials(
  file: Uint8Array,
  registry: string,
  repository: string,
): FoundCredentials | undefined {
  const { auths, credHelpers, credsStore } = fieldsOf(file);
  const own = fieldOf(credHelpers, registry);
  if (typeof own === "string") return helper(own);
  for (const name of namesOf(registry, repository)) {
    const credentials = inlineCredentials(fieldOf(auths, name));
    if (credentials !== undefined) return credentials;
  }
  return typeof credsStore === "string" ? helper(credsStore) : undefined;
}

/** Reads what a docker-credential helper prints: `{"Username": …, "Secret": …}`. */
export function parseHelperOutput(text: string): Credentials | undefined {
  const { Username: username, Secret: secret } = fieldsOf(Buffer.from(text));
  if (typeof username !== "string" || typeof secret !== "string") return undefined;
  if (username === tokenUser) return identity(secret);
  return { kind: "password", username, password: secret };
}

/** The names that may stand for a repository: podman knows parts of its path, docker wrote addresses once. */
function namesOf(registry: string, repository: string): string[] {
  const parts = [registry, ...repository.split("/")];
  const prefixes = parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
  return [
    ...prefixes,
    `https://${registry}`,
    `https://${registry}/v1/`,
    `https://${registry}/v2/`,
    `http://${registry}`,
  ];
}

function inlineCredentials(value: unknown): Credentials | undefined {
  const token = fieldOf(value, "identitytoken");
  if (typeof token === "string" && token !== "") return identity(token);
  const auth = fieldOf(value, "auth");
  if (typeof auth !== "string") return undefined;
  const [, username, password] =
    /^([^:]+):(.*)$/s.exec(Buffer.from(auth, "base64").toString().replace(/\0+$/, "")) ?? [];
  return username === undefined || password === undefined
    ? undefined
    : { kind: "password", username, password };
}

/** A helper's name becomes part of a program's name: it must not be a path. */
function helper(name: string): FoundCredentials | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name) ? { kind: "helper", helper: name } : undefined;
}

function identity(token: string): Credentials {
  return { kind: "identity", token };
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function fieldsOf(file: Uint8Array): Record<string, unknown> {
  try {
    return parseObject(file, "a file with credentials");
  } catch (error) {
    if (error instanceof NotOci) return {};
    throw error;
  }
}

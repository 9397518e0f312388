import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseStoreAddress, type StoreAddress } from "../../../../host/store/address.js";
import { credentialFiles, locateCredentials } from "../../../../host/store/credentials/locate.js";

const address = parseStoreAddress("oci://registry.example.com/lab/kernels") as Extract<
  StoreAddress,
  { kind: "registry" }
>;
const { signal } = new AbortController();
const auths = (text: string) =>
  JSON.stringify({ auths: { "registry.example.com": { auth: Buffer.from(text).toString("base64") } } });

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "kheaders-credentials-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test("the files are those of podman, then docker's", () => {
  const environment = {
    REGISTRY_AUTH_FILE: "/auth",
    XDG_RUNTIME_DIR: "/run/user/1",
    DOCKER_CONFIG: "/docker",
  };
  expect(credentialFiles(environment, "/home/me", "/run/containers/1")).toEqual([
    "/auth",
    "/run/user/1/containers/auth.json",
    "/home/me/.config/containers/auth.json",
    "/docker/config.json",
  ]);
  expect(credentialFiles({}, "/home/me", undefined)).toEqual([
    "/home/me/.config/containers/auth.json",
    "/home/me/.docker/config.json",
  ]);
});

test("without a session podman's file is in a folder of the user", () => {
  expect(credentialFiles({}, "/home/me", "/run/containers/1")[0]).toBe("/run/containers/1/auth.json");
});

test("the first file that knows the registry decides", async () => {
  const home = folder();
  mkdirSync(join(home, "containers"));
  writeFileSync(join(home, "containers", "auth.json"), auths("podman:1"));
  writeFileSync(join(home, "config.json"), auths("docker:2"));
  const environment = { XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home, DOCKER_CONFIG: home };
  expect(await locateCredentials(address, { environment, signal })).toMatchObject({ username: "podman" });
  writeFileSync(join(home, "containers", "auth.json"), "{}");
  expect(await locateCredentials(address, { environment, signal })).toMatchObject({ username: "docker" });
});

test("a file that cannot be read is named", async () => {
  const home = folder();
  symlinkSync("config.json", join(home, "config.json"));
  const environment = { XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home, DOCKER_CONFIG: home };
  await expect(locateCredentials(address, { environment, signal })).rejects.toMatchObject({
    code: "store-failed",
    message: `cannot read the registry credentials in ${join(home, "config.json")}: too many symbolic links encountered`,
  });
});

test("no file is no credentials", async () => {
  const home = folder();
  const environment = { XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home, DOCKER_CONFIG: home };
  expect(await locateCredentials(address, { environment, signal })).toBeUndefined();
});

test("a helper is asked for the registry", async () => {
  const home = folder();
  const path = process.env.PATH;
  process.env.PATH = `${home}:${path}`;
  onTestFinished(() => {
    process.env.PATH = path;
  });
  writeFileSync(
    join(home, "config.json"),
    JSON.stringify({ credHelpers: { "registry.example.com": "test" } }),
  );
  const helper = join(home, "docker-credential-test");
  writeFileSync(
    helper,
    `#!/bin/sh\nread server\n[ "$1 $server" = "get registry.example.com" ] || exit 1\necho '{"Username":"helped","Secret":"1"}'\n`,
  );
  chmodSync(helper, 0o755);
  const environment = { XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home, DOCKER_CONFIG: home };
  expect(await locateCredentials(address, { environment, signal })).toEqual({
    kind: "password",
    username: "helped",
    password: "1",
  });
  rmSync(helper);
  await expect(locateCredentials(address, { environment, signal })).rejects.toMatchObject({
    code: "tool-missing",
  });
});

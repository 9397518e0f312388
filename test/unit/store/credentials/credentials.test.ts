import { expect, test } from "vitest";
import { findCredentials, parseHelperOutput } from "../../../../host/store/credentials/credentials.js";

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
const find = (file: object) =>
  findCredentials(Buffer.from(JSON.stringify(file)), "registry.example.com:5000", "lab/kernels");
const password = (username: string, secret: string) => ({ kind: "password", username, password: secret });

test("a name and a password, which may have colons", () => {
  expect(find({ auths: { "registry.example.com:5000": auth("ci:a:b") } })).toEqual(password("ci", "a:b"));
});

test("podman's entry for a part of the path goes before that of the host", () => {
  const auths = {
    "registry.example.com:5000": auth("host:1"),
    "registry.example.com:5000/lab": auth("lab:2"),
    "registry.example.com:5000/other": auth("other:3"),
  };
  expect(find({ auths })).toEqual(password("lab", "2"));
});

test("the addresses that docker wrote once", () => {
  expect(find({ auths: { "https://registry.example.com:5000/v1/": auth("old:1") } })).toEqual(
    password("old", "1"),
  );
});

test("an identity token goes before a password", () => {
  const auths = { "registry.example.com:5000": { ...auth("ci:"), identitytoken: "secret" } };
  expect(find({ auths })).toEqual({ kind: "identity", token: "secret" });
});

test("a helper for the registry goes before what the file has, one for all after it", () => {
  const auths = { "registry.example.com:5000": auth("ci:1") };
  const credHelpers = { "registry.example.com:5000": "ecr-login" };
  expect(find({ auths, credHelpers, credsStore: "pass" })).toEqual({ kind: "helper", helper: "ecr-login" });
  expect(find({ auths, credsStore: "pass" })).toEqual(password("ci", "1"));
  expect(find({ auths: { "registry.example.com:5000": {} }, credsStore: "pass" })).toEqual({
    kind: "helper",
    helper: "pass",
  });
});

test.each<[string, object]>([
  ["another registry", { auths: { "registry.example.com": auth("ci:1") } }],
  ["a helper whose name is a path", { credsStore: "../../bin/sh" }],
  ["no password", { auths: { "registry.example.com:5000": { auth: "Y2k=" } } }],
  ["another shape", { auths: [1, 2], credHelpers: 3 }],
  ["a name of every object", { auths: { __proto__: null }, credHelpers: {} }],
])("nothing is found: %s", (_, file) => {
  expect(find(file)).toBeUndefined();
});

test("a file that is not JSON has none", () => {
  expect(findCredentials(Buffer.from("not json"), "host", "a")).toBeUndefined();
});

test("what a helper prints", () => {
  expect(parseHelperOutput('{"ServerURL":"x","Username":"ci","Secret":"1"}\n')).toEqual(password("ci", "1"));
  expect(parseHelperOutput('{"Username":"<token>","Secret":"t"}')).toEqual({ kind: "identity", token: "t" });
  expect(parseHelperOutput("credentials not found in native keychain")).toBeUndefined();
});

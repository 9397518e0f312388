import { resolve } from "node:path";
import { expect, test } from "vitest";
import { isLoopback, parseStoreAddress } from "../../../host/store/address.js";

test.each([
  ["oci://registry.example.com/lab/kernels", "registry.example.com", "registry.example.com", "lab/kernels"],
  ["oci://localhost:5000/kernels", "localhost:5000", "localhost", "kernels"],
  ["oci://[::1]:5000/a/b__c/d-e.f", "[::1]:5000", "::1", "a/b__c/d-e.f"],
])("%s is a repository on a registry", (text, registry, hostname, repository) => {
  expect(parseStoreAddress(text)).toEqual({ kind: "registry", registry, hostname, repository, text });
});

test.each([
  ["oci:/mnt/lab", "/mnt/lab"],
  ["oci:store", resolve("store")],
  ["oci:./a folder", resolve("a folder")],
])("%s is a folder", (text, folder) => {
  expect(parseStoreAddress(text)).toEqual({ kind: "folder", folder, text });
});

test.each([
  "",
  "oci:",
  "oci://",
  "oci://host",
  "oci://host/",
  "oci:///kernels",
  "oci://host/Kernels",
  "oci://host/a//b",
  "oci://host/../b",
  "oci://host/a?b",
  "oci://user@host/a",
  "oci://host:0/a",
  "oci://host:65536/a",
  "oci://host:/a",
  "oci://-host/a",
  `oci://host/${"a".repeat(256)}`,
  "https://host/a",
  "/mnt/lab",
  "oci:a\0b",
])("%j is not the address of a store", (text) => {
  expect(() => parseStoreAddress(text, "KHEADERS_STORE")).toThrow(/^KHEADERS_STORE: invalid store /);
});

test("only names and addresses of this machine are loopback", () => {
  const hosts = [
    "localhost",
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "10.0.0.1",
  ];
  expect(hosts.filter(isLoopback)).toEqual(["localhost", "127.0.0.1", "127.9.9.9", "::1"]);
});

import { describe, expect, it } from "vitest";
import { AdbMessageReader, adbCommand, formatAdbMessage } from "../../lab/adb-messages.js";
import { dependenciesOf } from "../../lab/initramfs.js";
import { newc } from "../../lab/newc.js";

describe("newc", () => {
  it("writes records that a reader of the format finds again", () => {
    const archive = newc([
      { type: "folder", path: "data", mode: 0o771, owner: 1000, group: 1001 },
      { type: "file", path: "data/odd", mode: 0o4750, content: Buffer.from("12345") },
      { type: "link", path: "bin", target: "system/bin" },
    ]);
    expect(readNewc(archive)).toEqual([
      { path: "data", mode: 0o40771, owner: 1000, group: 1001, content: "" },
      { path: "data/odd", mode: 0o104750, owner: 0, group: 0, content: "12345" },
      { path: "bin", mode: 0o120777, owner: 0, group: 0, content: "system/bin" },
    ]);
  });
});

describe("dependenciesOf", () => {
  it("reads the names out of .modinfo, with underscores", () => {
    const module = Buffer.from("\x7fELF\0license=GPL\0depends=net_failover,virtio-ring\0name=virtio_net\0");
    expect(dependenciesOf(module)).toEqual(["net_failover", "virtio_ring"]);
  });

  it("gives nothing for a module that depends on none", () => {
    expect(dependenciesOf(Buffer.from("\0depends=\0name=x\0"))).toEqual([]);
  });
});

describe("AdbMessageReader", () => {
  it("finds messages again however they are cut", () => {
    const sent = [
      { command: adbCommand.open, arg0: 7, arg1: 0, payload: Buffer.from("root:\0") },
      { command: adbCommand.close, arg0: 7, arg1: 9, payload: Buffer.alloc(0) },
    ];
    const bytes = Buffer.concat(sent.map(formatAdbMessage));
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new AdbMessageReader();
      const got = [];
      for (let at = 0; at < bytes.length; at += size) got.push(...reader.push(bytes.subarray(at, at + size)));
      expect(got.map(({ message }) => message)).toEqual(sent);
      expect(Buffer.concat(got.map((one) => one.bytes))).toEqual(bytes);
    }
  });
});

/** Reads an archive as Documentation/driver-api/early-userspace/buffer-format.rst describes it. */
function readNewc(archive: Buffer) {
  const records = [];
  for (let at = 0; ; ) {
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const field = (index: number) =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const nameEnd = at + 110 + field(11);
    const path = archive.toString("utf8", at + 110, nameEnd - 1);
    if (path === "TRAILER!!!") return records;
    const start = (nameEnd + 3) & ~3;
    const end = start + field(6);
    const content = archive.toString("utf8", start, end);
    records.push({ path, mode: field(1), owner: field(2), group: field(3), content });
    at = (end + 3) & ~3;
  }
}

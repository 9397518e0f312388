import { describe, expect, it } from "vitest";
import {
  isComplete,
  isCompleteText,
  parseSymvers,
  readVersions,
} from "../../../host/symvers/symvers-file.js";

/** The versions that are read without decoding the names. */
function versionsOf(text: string, name = "f"): Record<string, number> {
  const versions: Record<string, number> = {};
  const bytes = Buffer.from(text);
  readVersions(bytes, name, (start, end, crc) => {
    versions[bytes.toString("utf8", start, end)] = crc;
  });
  return versions;
}

describe("a Module.symvers", () => {
  it("tells CRC, module, kind of export and namespace of each symbol, in the forms of all kernels", () => {
    const text = [
      "0x037a0cba\tkfree\tvmlinux\tEXPORT_SYMBOL\t",
      "0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL",
      "0x00000007\tusb_stor\tdrivers/usb/storage/usb-storage\tEXPORT_SYMBOL_GPL\tUSB_STORAGE",
      "0x00000008\told\tUSB_STORAGE\tdrivers/usb/old\tEXPORT_SYMBOL_GPL",
    ].join("\n");
    expect(Object.fromEntries(parseSymvers(`${text}\n`, "f"))).toEqual({
      kfree: { crc: 0x37a0cba, module: "vmlinux", gplOnly: false, namespace: "" },
      _printk: { crc: 0x92997ed8, module: "vmlinux", gplOnly: false, namespace: "" },
      usb_stor: {
        crc: 7,
        module: "drivers/usb/storage/usb-storage",
        gplOnly: true,
        namespace: "USB_STORAGE",
      },
      old: { crc: 8, module: "drivers/usb/old", gplOnly: true, namespace: "USB_STORAGE" },
    });
    const versions = { kfree: 0x37a0cba, _printk: 0x92997ed8, usb_stor: 7, old: 8 };
    expect(versionsOf(`${text}\n`)).toEqual(versions);
    expect(versionsOf(`\n${text}`)).toEqual(versions);
  });

  it.each([
    "<html>",
    "0x1\tshort\tvmlinux\tEXPORT_SYMBOL\t",
    "0x00000001\t\tvmlinux\tEXPORT_SYMBOL\t",
    "0x00000001\tsymbol\tEXPORT_SYMBOL\t",
    "0x00000001\tsymbol\tvmlinux",
    "0x00000001\tsymbol\ta\tb\tc\tEXPORT_SYMBOL",
  ])("is not %j", (line) => {
    const text = `0x00000001\tgood\tvmlinux\tEXPORT_SYMBOL\t\n${line}\n`;
    for (const read of [parseSymvers, versionsOf])
      expect(() => read(text, "/a/file")).toThrow(
        expect.objectContaining({
          code: "usage",
          message: "/a/file is not a Module.symvers (line 2)",
        }),
      );
  });

  it("is complete if a build wrote it, and not if it was collected from modules", () => {
    const collected = "0x00000001\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n0x00000002\tf\tm\tEXPORT_SYMBOL_GPL\t\n";
    expect(isComplete(parseSymvers(collected, "f"))).toBe(false);
    expect(isCompleteText(Buffer.from(collected))).toBe(false);
    const built = `${collected}0x00000003\tregister_kprobe\tvmlinux\tEXPORT_SYMBOL_GPL\t\n`;
    expect(isComplete(parseSymvers(built, "f"))).toBe(true);
    expect(isCompleteText(Buffer.from(built))).toBe(true);
  });
});

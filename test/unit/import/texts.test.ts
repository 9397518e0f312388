import { expect, test } from "vitest";
import { isHtml, mayBeKernelText, readKernelText } from "../../../host/import/texts.js";
import { dotConfig } from "../../support/import-files.js";

function kindOf(text: string): string | undefined {
  return mayBeKernelText(Buffer.from(text)) ? readKernelText(text)?.kind : undefined;
}

test.each([
  ["a configuration", dotConfig, "config"],
  [
    "one that is sorted and lacks the heading",
    Array.from({ length: 400 }, (_, n) => `CONFIG_X${n}=y`).join("\n"),
    "config",
  ],
  ["a fragment of one", "CONFIG_BPF=y\n# CONFIG_USB is not set\n", undefined],
  ["Module.symvers", "0x01234567\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n", "symvers"],
  ["Module.symvers before 5.4", "0x01234567\tkfree\tvmlinux\tEXPORT_SYMBOL\n", "symvers"],
  ["one with another line in it", "0x01234567\tkfree\tvmlinux\tEXPORT_SYMBOL\t\nx\n", undefined],
  ["gki-info.txt", "certify_bootimg_extra_args=x\nkernel_release=6.6.118-android15-8\n", "info"],
  ["any text", "hello\n", undefined],
  ["bytes", "CONFIG_X=y\n\x00\x01", undefined],
  ["nothing", "", undefined],
])("%s", (_name, text, expected) => {
  expect(kindOf(text)).toBe(expected);
});

test("a page of HTML", () => {
  const pages = ["<!doctype html>", "\n <HTML lang=en>", "<!-- x -->\n<html>"];
  expect(pages.map((page) => isHtml(Buffer.from(page)))).toEqual([true, true, true]);
  expect(isHtml(Buffer.from("<xml>"))).toBe(false);
});

import { parseDotConfig } from "../kernel/config.js";

/** A text that says something of a kernel, recognised by its content. */
export type KernelText =
  | { readonly kind: "config"; readonly text: string }
  | { readonly kind: "symvers"; readonly text: string }
  /** `gki-info.txt` of Android's CI: the release of the build. */
  | { readonly kind: "info"; readonly release: string };

/** A part of a configuration (a defconfig, a fragment) sets a few hundred options; a whole one has thousands of lines. */
const minOptions = 300;
/** What kconfig writes at the top of a whole configuration (Linux scripts/kconfig/confdata.c, conf_write_heading). */
const configHeading = "# Automatically generated file; DO NOT EDIT.";

const symversLine = /^0x[0-9a-f]{8}\t[!-~]+\t[!-~]+\tEXPORT_[A-Z_]+(?:\t[ -~]*)?$/;

/** Whether a file that begins like this may be one of the texts: the rest is then worth reading. */
export function mayBeKernelText(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString("latin1");
  if (!/^[\t\n\r -~]*$/.test(text)) return false;
  return /^(?:# )?CONFIG_\w|^0x[0-9a-f]{8}\t|^kernel_release=/m.test(text) || text.includes(configHeading);
}

/** Reads a text; undefined if it is none of a kernel. */
export function readKernelText(text: string): KernelText | undefined {
  const release = /^kernel_release=(\S+)$/m.exec(text)?.[1];
  if (release !== undefined) return { kind: "info", release };
  const lines = text.split("\n");
  if (isSymvers(lines)) return { kind: "symvers", text };
  const isWhole =
    text.includes(configHeading) || lines.filter((line) => /CONFIG_\w/.test(line)).length >= minOptions;
  return isWhole && parseDotConfig(text).size > 0 ? { kind: "config", text } : undefined;
}

/** Whether lines are those of a `Module.symvers` (Linux scripts/mod/modpost.c, write_dump), throughout. */
function isSymvers(lines: readonly string[]): boolean {
  const whole = lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  return whole.length > 0 && whole.every((line) => symversLine.test(line));
}

/** Whether a file begins as a page of HTML does. */
export function isHtml(head: Uint8Array): boolean {
  return /^\s*(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head)\b/i.test(
    Buffer.from(head).toString("latin1"),
  );
}

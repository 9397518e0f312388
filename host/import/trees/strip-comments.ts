/**
 * Removes C comments, except those with `SPDX` in them, as the kernel does to its headers: the regular expression
 * `\/\*((?!SPDX).)*?\*\/` (Linux kernel/gen_kheaders.sh, 5.2 to 6.12). It takes no notice of strings either.
 */
export function stripComments(source: Uint8Array): Uint8Array {
  const text = Buffer.from(source.buffer, source.byteOffset, source.length).toString("latin1");
  let kept = "";
  let copied = 0;
  let from = 0;
  // Each is looked for once only, so that the time does not grow with the square of the size.
  let spdx = text.indexOf("SPDX");
  let end = text.indexOf("*/");
  for (;;) {
    const start = text.indexOf("/*", from);
    if (start < 0) break;
    if (end >= 0 && end < start + 2) end = text.indexOf("*/", start + 2);
    if (end < 0) break;
    while (spdx >= 0 && spdx < start + 2) spdx = text.indexOf("SPDX", spdx + 1);
    if (spdx >= 0 && spdx < end) {
      from = start + 1;
      continue;
    }
    kept += text.slice(copied, start);
    copied = end + 2;
    from = copied;
  }
  return copied === 0 ? source : Buffer.from(kept + text.slice(copied), "latin1");
}

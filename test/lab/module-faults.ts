/** `kheaders.ko` with other flags in its version magic: the kernel refuses it with ENOEXEC (kernel/module/version.c). */
export function withOtherFlags(module: Buffer): Buffer {
  return replaceAll(module, " mod_unload ", " mod_UNLOAD ");
}

/** `kheaders.ko` that wants a symbol which no kernel has: refused with ENOENT (kernel/module/main.c). */
export function withUnknownSymbol(module: Buffer): Buffer {
  return replaceAll(module, "sysfs_create_bin_file", "sysfs_create_no_file!");
}

/** `kheaders.ko` that loads and shows something else than the archive that it should. */
export function withoutArchive(module: Buffer): Buffer {
  return replaceAll(module, "kheaders.tar.xz", "kheaders.tar.no");
}

/** Replaces a text by one of the same length, so that no offset in the file changes. */
function replaceAll(module: Buffer, old: string, other: string): Buffer {
  const text = module.toString("latin1");
  if (old.length !== other.length || !text.includes(old))
    throw new Error(`the module does not hold "${old}"`);
  return Buffer.from(text.replaceAll(old, other), "latin1");
}

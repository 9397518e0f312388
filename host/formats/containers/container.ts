import type { ByteSource } from "../byte-source.js";

/** A form that holds a kernel in another form. */
export interface Container {
  /** Tells by the first 4 KiB of a file whether it is of this form. */
  recognises(source: ByteSource): boolean;
  /** The kernel in it. Throws `file-corrupt` if it does not lie in it. */
  open(source: ByteSource): Opened;
}

export interface Opened {
  /** The form, as users know it: `boot image v4`. */
  readonly name: string;
  readonly kernel: ByteSource;
}

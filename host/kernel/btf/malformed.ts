import { KheadersError } from "../../../shared/errors.js";

const expected = "Expected raw BTF, as in /sys/kernel/btf/vmlinux, or an ELF file with a section .BTF.";

/** Bytes that are not BTF, or damaged BTF. */
export class MalformedBtf extends KheadersError {
  /** @param reason What is wrong: "its types end within a word". */
  constructor(reason: string, hint: string = expected) {
    super("btf-corrupt", `this is not valid BTF: ${reason}`, { hint });
  }
}

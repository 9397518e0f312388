import { describe, expect, it } from "vitest";
import { bufferSource } from "../../../../host/formats/byte-source.js";
import { efiZboot } from "../../../../host/formats/containers/efi-zboot.js";
import { zbootFile } from "../../../support/kernel-files.js";

describe("an EFI zboot image", () => {
  it("gives its payload", () => {
    const source = bufferSource(zbootFile(Buffer.from("compressed")));
    expect(efiZboot.recognises(source)).toBe(true);
    const { name, kernel } = efiZboot.open(source);
    expect(name).toBe("EFI zboot");
    expect(Buffer.from(kernel.read(0, kernel.size))).toEqual(Buffer.from("compressed"));
  });

  it("whose payload does not lie in it is damaged", () => {
    const file = zbootFile(Buffer.from("compressed"));
    file.writeUInt32LE(0xffffffff, 12);
    expect(() => efiZboot.open(bufferSource(file))).toThrow(
      expect.objectContaining({ code: "file-corrupt" }),
    );
  });

  it("is no other program of EFI", () => {
    for (const text of ["", "MZ", "MZ..zimg", `MZ\0\0gimz${" ".repeat(100)}`])
      expect(efiZboot.recognises(bufferSource(Buffer.from(text)))).toBe(false);
  });
});

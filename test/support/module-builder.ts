/** What to make a module file of; what is left out is not in it. */
export interface ModuleParts {
  readonly bits?: 32 | 64;
  readonly littleEndian?: boolean;
  /** `.modinfo` texts. */
  readonly modinfo?: readonly string[];
  /** `__versions`. */
  readonly versions?: Readonly<Record<string, number>>;
  /** `__version_ext_crcs` and `__version_ext_names`. */
  readonly extendedVersions?: Readonly<Record<string, number>>;
  readonly symbols?: readonly {
    readonly name: string;
    readonly weak?: boolean;
    /** The name of a section; undefined for a symbol that another object defines. */
    readonly section?: "__ksymtab" | "__ksymtab_gpl";
  }[];
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly content: Buffer;
}

/** Makes a module file with just the sections that are looked at (System V ABI, chapter 4). */
export function moduleBytes(parts: ModuleParts): Buffer {
  const { bits = 64, littleEndian = true } = parts;
  const numbers = new Numbers(bits, littleEndian);
  const sections: Section[] = [
    { name: "", type: 0, content: Buffer.alloc(0) },
    // As .bss: it lies nowhere in the file.
    { name: ".bss", type: 8, content: Buffer.alloc(0) },
  ];
  const add = (name: string, content: Buffer, type = 1) => sections.push({ name, type, content });
  const indexOf = (name: string) => {
    const found = sections.findIndex((section) => section.name === name);
    return found < 0 ? add(name, Buffer.alloc(4)) - 1 : found;
  };
  if (parts.modinfo) add(".modinfo", strings(parts.modinfo));
  if (parts.versions)
    add(
      "__versions",
      Buffer.concat(Object.entries(parts.versions).map(([name, crc]) => version(numbers, name, crc))),
    );
  if (parts.extendedVersions) {
    add(
      "__version_ext_crcs",
      Buffer.concat(Object.values(parts.extendedVersions).map((crc) => numbers.four(crc))),
    );
    add("__version_ext_names", strings(Object.keys(parts.extendedVersions)));
  }
  if (parts.symbols) {
    const names = strings(["", ...parts.symbols.map(({ name }) => name)]);
    let nameAt = 1;
    const table = [numbers.symbol(0, 0, 0)];
    for (const { name, weak, section } of parts.symbols) {
      table.push(numbers.symbol(nameAt, weak ? 0x20 : 0x10, section === undefined ? 0 : indexOf(section)));
      nameAt += name.length + 1;
    }
    add(".symtab", Buffer.concat(table), 2);
    add(".strtab", names, 3);
  }
  return file(numbers, sections);
}

function file(numbers: Numbers, sections: Section[]): Buffer {
  const names = strings([...sections.map(({ name }) => name), ".shstrtab"]);
  const all = [...sections, { name: ".shstrtab", type: 3, content: names }];
  const headerSize = numbers.bits === 64 ? 64 : 52;
  let offset = headerSize;
  let nameAt = 0;
  const table = all.map(({ name, type, content }) => {
    // A section without bytes in the file may tell any size.
    const header = numbers.sectionHeader(nameAt, type, offset, type === 8 ? 2 ** 31 : content.length);
    nameAt += name.length + 1;
    offset += content.length;
    return header;
  });
  const header = numbers.fileHeader(offset, all.length);
  return Buffer.concat([header, ...all.map(({ content }) => content), ...table]);
}

function version(numbers: Numbers, name: string, crc: number): Buffer {
  const text = Buffer.alloc(64 - numbers.bits / 8);
  text.write(name, "latin1");
  return Buffer.concat([numbers.word(crc), text]);
}

function strings(texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\0`).join(""), "latin1");
}

class Numbers {
  readonly bits: 32 | 64;
  readonly #littleEndian: boolean;

  constructor(bits: 32 | 64, littleEndian: boolean) {
    this.bits = bits;
    this.#littleEndian = littleEndian;
  }

  half(value: number): Buffer {
    const bytes = Buffer.alloc(2);
    if (this.#littleEndian) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  }

  four(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    if (this.#littleEndian) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  }

  word(value: number): Buffer {
    if (this.bits === 32) return this.four(value);
    const parts = [this.four(value), this.four(0)];
    return Buffer.concat(this.#littleEndian ? parts : parts.reverse());
  }

  symbol(name: number, info: number, section: number): Buffer {
    const kind = Buffer.from([info, 0]);
    return this.bits === 64
      ? Buffer.concat([this.four(name), kind, this.half(section), this.word(0), this.word(0)])
      : Buffer.concat([this.four(name), this.word(0), this.word(0), kind, this.half(section)]);
  }

  sectionHeader(name: number, type: number, offset: number, size: number): Buffer {
    const words = [0, 0, offset, size].map((value) => this.word(value));
    return Buffer.concat([
      this.four(name),
      this.four(type),
      ...words,
      this.four(0),
      this.four(0),
      this.word(1),
      this.word(0),
    ]);
  }

  fileHeader(table: number, count: number): Buffer {
    const ident = Buffer.alloc(16);
    ident.write("\x7fELF", "latin1");
    ident.set([this.bits === 64 ? 2 : 1, this.#littleEndian ? 1 : 2, 1], 4);
    const sizes = [this.bits === 64 ? 64 : 52, 0, 0, this.bits === 64 ? 64 : 40, count, count - 1];
    return Buffer.concat([
      ident,
      this.half(1),
      this.half(62),
      this.four(1),
      this.word(0),
      this.word(0),
      this.word(table),
      this.four(0),
      ...sizes.map((size) => this.half(size)),
    ]);
  }
}

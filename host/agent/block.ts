/** An answer of the agent: `key=value` lines; a key may come several times. */
export class Block {
  readonly #lines: readonly string[];

  /** Takes the block's lines, without the dot that ends it. */
  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /** The first value of `key`, or undefined where there is none or it is empty. */
  get(key: string): string | undefined {
    return this.all(key)[0] || undefined;
  }

  all(key: string): string[] {
    const prefix = `${key}=`;
    return this.#lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  }

  /** The value of `key` as a whole number of bytes, or undefined. */
  size(key: string): number | undefined {
    const value = this.get(key);
    return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  }
}

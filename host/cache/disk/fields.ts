import type { Digest } from "../../../shared/identity.js";
import { asDigest } from "../../../shared/identity.js";

/** JSON from the disk does not have the expected shape. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** The fields of a JSON object of unknown origin, checked one by one as they are read. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;

  /** @throws Malformed unless `value` is a JSON object. */
  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Malformed("not a JSON object");
    }
    this.#values = new Map(Object.entries(value));
  }

  /** @throws Malformed unless it is a string. */
  text(name: string): string {
    const value = this.#values.get(name);
    if (typeof value !== "string") throw new Malformed(`${name} is not a string`);
    return value;
  }

  /** @throws Malformed unless it is a safe integer that is not negative. */
  count(name: string): number {
    const value = this.#values.get(name);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw new Malformed(`${name} is not a count`);
    }
    return value;
  }

  /** @throws Malformed unless it is true or false. */
  flag(name: string): boolean {
    const value = this.#values.get(name);
    if (typeof value !== "boolean") throw new Malformed(`${name} is not true or false`);
    return value;
  }

  /** @throws Malformed unless it is a SHA-256 in hex. */
  digest(name: string): Digest {
    return this.parsed(name, asDigest);
  }

  /** @throws Malformed unless it is a date as JSON writes it. */
  date(name: string): Date {
    const date = new Date(this.text(name));
    if (Number.isNaN(date.getTime())) throw new Malformed(`${name} is not a date`);
    return date;
  }

  /** @throws Malformed unless it is a string that `parse` accepts. */
  parsed<T>(name: string, parse: (text: string) => T | undefined): T {
    const value = parse(this.text(name));
    if (value === undefined) throw new Malformed(`${name} has the wrong form`);
    return value;
  }

  /** Reads a field with one of the above, or gives undefined if the object does not have it. */
  optional<T>(name: string, read: (name: string) => T): T | undefined {
    return this.#values.has(name) ? read(name) : undefined;
  }
}

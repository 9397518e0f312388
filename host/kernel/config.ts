/** A kernel's configuration: option name with its `CONFIG_`, and its value as in `.config` (`y`, `m`, `0x10`, `"text"`). */
export type KernelConfig = ReadonlyMap<string, string>;

/** What `include/generated/autoconf.h` defines: macro name and its value. */
export type ConfigMacros = ReadonlyMap<string, string>;

/** Parses `.config` text, as in `/proc/config.gz`: options that are not set are absent. */
export function parseDotConfig(text: string): KernelConfig {
  return mapOfMatches(text, /^(CONFIG_\w+)=(.*)$/gm);
}

/** Parses `include/generated/autoconf.h`. */
export function parseAutoconf(text: string): ConfigMacros {
  return mapOfMatches(text, /^#define (CONFIG_\w+) (.*)$/gm);
}

/**
 * The macros that a configuration gives: `CONFIG_X=y` is `CONFIG_X 1`, `CONFIG_X=m` is `CONFIG_X_MODULE 1`, any other
 * value stays (Linux scripts/kconfig/confdata.c, print_symbol_for_c).
 */
export function macrosOf(config: KernelConfig): ConfigMacros {
  return new Map(
    Array.from(config, ([option, value]): [string, string] => {
      if (value === "y") return [option, "1"];
      if (value === "m") return [`${option}_MODULE`, "1"];
      return [option, value];
    }),
  );
}

/**
 * The configuration that macros come from, sorted by option: the inverse of {@link macrosOf}. It confuses
 * `CONFIG_X=m` with an option that is itself called `CONFIG_X_MODULE`; the kernel has few of these.
 */
export function configOf(macros: ConfigMacros): KernelConfig {
  const options = Array.from(macros, ([name, value]): [string, string] => {
    if (value !== "1") return [name, value];
    return name.endsWith("_MODULE") ? [name.slice(0, -"_MODULE".length), "m"] : [name, "y"];
  });
  return sortedByName(new Map(options));
}

/** The same, sorted by name. */
export function sortedByName(config: KernelConfig): KernelConfig {
  return new Map([...config].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The macros that differ between two configurations, sorted by name. */
export function differingMacros(left: ConfigMacros, right: ConfigMacros): string[] {
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => !isSameValue(left.get(name), right.get(name)))
    .sort();
}

/**
 * Whether two spellings mean the same value. A hexadecimal option is in `.config` as it was given, and gets its `0x` only
 * in autoconf.h (Linux scripts/kconfig/confdata.c, print_symbol_for_c); digits may be of either case, with zeros before them.
 */
export function isSameValue(one: string | undefined, other: string | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  const isHex = hexPrefix.test(one) || hexPrefix.test(other);
  const [left, right] = [numberOf(one, isHex), numberOf(other, isHex)];
  return left !== undefined && left === right;
}

const hexPrefix = /^0x/i;

function numberOf(text: string, isHex: boolean): bigint | undefined {
  if (isHex) {
    const digits = text.replace(hexPrefix, "");
    return /^[\da-f]{1,64}$/i.test(digits) ? BigInt(`0x${digits}`) : undefined;
  }
  const [, sign, digits] = /^(-?)0*(\d{1,64})$/.exec(text) ?? [];
  return digits === undefined ? undefined : BigInt(`${sign}${digits}`);
}

/**
 * How a kernel was built to offer its headers: "y", "m", or null for not at all. Mainline's option is
 * `CONFIG_IKHEADERS`; the original patch and its backports have `CONFIG_IKHEADERS_PROC`.
 */
export function ikheadersOf(config: KernelConfig): string | null {
  return config.get("CONFIG_IKHEADERS") ?? config.get("CONFIG_IKHEADERS_PROC") ?? null;
}

function mapOfMatches(text: string, pattern: RegExp): Map<string, string> {
  return new Map(
    Array.from(text.matchAll(pattern), (match): [string, string] => [match[1] ?? "", match[2] ?? ""]),
  );
}

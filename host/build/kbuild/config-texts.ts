import type { KernelConfig } from "../../kernel/config.js";
import { isBefore } from "../../kernel/release.js";

/** The text of a string option: kconfig escapes `"` and `\` alone. */
const stringValue = /^"((?:[^"\\]|\\.)*)"$/;

/**
 * The options of a configuration that make may read. It would run what a text such as `$(shell id)` names, and its shell
 * what stands in backquotes; a configuration that comes from a device must not. No option that has such characters plays a
 * role in building modules.
 */
export function optionsForMake(config: KernelConfig): KernelConfig {
  const harmless = /^(?:[ynm]|-?\d+|0x[\da-f]+|[\da-f]+|"[\w .,:/+=()@%~-]*")$/i;
  return new Map([...config].filter(([, value]) => harmless.test(value)));
}

/** The text of `.config`. An option in `without` is off. */
export function dotConfig(config: KernelConfig, without: readonly string[] = []): string {
  const off = new Set(without);
  const lines = [...config].filter(([name]) => !off.has(name)).map(([name, value]) => `${name}=${value}`);
  return [...lines, ...without.map((name) => `# ${name} is not set`), ""].join("\n");
}

/**
 * The text of `include/config/auto.conf`, which the Makefiles read. Its strings have no quotes from 5.17 on (commit
 * 129ab0d2d9f3).
 */
export function autoConf(config: KernelConfig, release: string): string {
  const textOf = (value: string) =>
    isBefore(release, 5, 17) ? value : (stringValue.exec(value)?.[1]?.replace(/\\(.)/g, "$1") ?? value);
  return [...Array.from(config, ([name, value]) => `${name}=${textOf(value)}`), ""].join("\n");
}

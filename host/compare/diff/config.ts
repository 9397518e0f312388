import { isSameValue, type KernelConfig } from "../../kernel/config.js";
import type { OptionChange } from "./kernel-diff.js";

/** Compares two configurations, option by option. Numbers that are only spelled otherwise are the same. */
export function diffConfigs(one: KernelConfig, other: KernelConfig): OptionChange[] {
  const options = new Set([...one.keys(), ...other.keys()]);
  return [...options]
    .filter((option) => !isSameValue(one.get(option), other.get(option)))
    .sort()
    .map((option) => ({ option, old: one.get(option), new: other.get(option) }));
}

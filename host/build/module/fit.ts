import { printable } from "../../../shared/printable.js";
import type { ConfigMacros } from "../../kernel/config.js";
import type { ModuleFile } from "../../symvers/module-file.js";
import { crcText, type ExportedSymbol } from "../../symvers/symvers-file.js";

/** What is known of the kernel that a module is to be loaded into. */
export interface TargetKernel {
  readonly release: string;
  /** As {@link ModuleFile.machine}. */
  readonly machine: string;
  /** Its version magic (`VERMAGIC_STRING`); undefined if it could not be had. */
  readonly vermagic: string | undefined;
  readonly config: ConfigMacros;
  readonly symbols: ReadonlyMap<string, ExportedSymbol>;
  /** Whether it exports no other symbols than these. */
  readonly hasAllSymbols: boolean;
  /** The namespaces that symbols may be in, if {@link symbols} does not say. */
  readonly possibleNamespaces: Readonly<Record<string, readonly string[]>>;
  /** The symbols that the modules which are checked together export. */
  readonly exportedBeside: ReadonlySet<string>;
}

/** What the kernel looks at when it loads a module. */
export type FitCheck =
  | "architecture"
  | "signature"
  | "vermagic"
  | "versions"
  | "symbols"
  | "namespaces"
  | "license";

/** Something that keeps a module from being loaded (`no`), or may (`unknown`). */
export interface Misfit {
  readonly check: FitCheck;
  readonly fits: "no" | "unknown";
  /** The symbols that it is about. */
  readonly symbols: readonly string[];
  /** What is wrong, as a clause; printable. */
  readonly message: string;
  /** What to do; printable. */
  readonly hint: string;
}

const rebuild = "Build it for this kernel: kheaders module";

/**
 * Would this kernel load the module? Looks at what Linux looks at (6.1.192: kernel/module/main.c, load_module;
 * kernel/module/version.c; kernel/module/signing.c), in that order. Of a symbol without a version older kernels only warn.
 *
 * @returns all that does not fit or is not known; nothing if the module is known to fit.
 */
export function misfitsOf(module: ModuleFile, kernel: TargetKernel): Misfit[] {
  if (module.machine !== kernel.machine) {
    const message = `it is built for ${module.machine}, and the kernel runs on ${kernel.machine}`;
    return [misfit("architecture", "no", message, rebuild)];
  }
  return [
    ...signatureMisfits(module, kernel),
    ...vermagicMisfits(module, kernel),
    ...versionMisfits(module, kernel),
    ...symbolMisfits(module, kernel),
    ...namespaceMisfits(module, kernel),
    ...licenseMisfits(module, kernel),
  ];
}

function misfit(
  check: FitCheck,
  fits: Misfit["fits"],
  message: string,
  hint: string,
  symbols: readonly string[] = [],
): Misfit {
  return { check, fits, message, hint, symbols };
}

function signatureMisfits({ isSigned }: ModuleFile, { config }: TargetKernel): Misfit[] {
  if (config.has("CONFIG_MODULE_SIG_FORCE")) {
    const hint =
      "Sign it with the kernel's key (scripts/sign-file), or use a kernel without CONFIG_MODULE_SIG_FORCE.";
    return isSigned
      ? [
          misfit(
            "signature",
            "unknown",
            "the kernel wants a signature, and only it knows which keys it trusts",
            hint,
          ),
        ]
      : [misfit("signature", "no", "it is not signed, and the kernel loads signed modules alone", hint)];
  }
  if (config.has("CONFIG_MODULE_SIG_PROTECT") && !isSigned) {
    const message =
      "it is not signed: the kernel lets it use only the symbols of its KMI, which are not known here";
    return [misfit("signature", "unknown", message, "Load it and read the kernel's log: adb shell dmesg")];
  }
  return [];
}

function vermagicMisfits(module: ModuleFile, kernel: TargetKernel): Misfit[] {
  const { vermagic } = kernel;
  if (vermagic === undefined) {
    const hint = "Install clang (Debian: apt install clang), which reads it from the headers.";
    return [misfit("vermagic", "unknown", "the kernel's version magic is not known", hint)];
  }
  // With MODVERSIONS the release does not count for a module with a table of versions (same_magic).
  const ignoresRelease = isVersioned(kernel) && module.hasVersionTable;
  const relevant = (magic: string) => (ignoresRelease ? magic.slice(magic.indexOf(" ") + 1) : magic).trim();
  const own = relevant(module.vermagic ?? "");
  const wanted = relevant(vermagic);
  if (own === wanted) return [];
  const message = `its version magic is "${printable(own)}", and the kernel wants "${printable(wanted)}"`;
  return [misfit("vermagic", "no", message, rebuild)];
}

function isVersioned({ config }: TargetKernel): boolean {
  return config.has("CONFIG_MODVERSIONS");
}

function versionMisfits(module: ModuleFile, kernel: TargetKernel): Misfit[] {
  if (!isVersioned(kernel)) return [];
  if (!module.hasVersionTable) {
    const message = "it has no symbol versions, and the kernel has CONFIG_MODVERSIONS";
    return kernel.config.has("CONFIG_MODULE_FORCE_LOAD")
      ? [misfit("versions", "unknown", `${message}: it is loaded without a check`, rebuild)]
      : [misfit("versions", "no", message, rebuild)];
  }
  const misfits: Misfit[] = [];
  const without = ["module_layout", ...module.imports].filter((name) => !module.versions.has(name)).sort();
  if (without.length > 0) {
    const message = `it has no version of ${listed(without)}`;
    misfits.push(misfit("versions", "no", message, rebuild, without));
  }
  const differing = [...module.versions].filter(([symbol, crc]) => {
    const known = kernel.symbols.get(symbol);
    return known !== undefined && known.crc !== crc;
  });
  if (differing.length > 0) {
    const [[symbol, crc] = ["", 0]] = differing;
    const example = `${printable(symbol)} (${crcText(crc)}; the kernel has ${crcText(kernel.symbols.get(symbol)?.crc ?? 0)})`;
    const message =
      differing.length === 1
        ? `it was built with another version of ${example}`
        : `it was built with other versions of ${differing.length} symbols, such as ${example}`;
    misfits.push(misfit("versions", "no", message, rebuild, namesOf(differing)));
  }
  if (!kernel.symbols.has("module_layout")) {
    const hint = "Collect the kernel's symbol versions: kheaders symvers";
    misfits.push(misfit("versions", "unknown", "the kernel's version of module_layout is not known", hint));
  }
  return misfits;
}

function symbolMisfits(module: ModuleFile, kernel: TargetKernel): Misfit[] {
  const { symbols, exportedBeside, hasAllSymbols } = kernel;
  const missing = module.imports.filter((name) => !symbols.has(name) && !exportedBeside.has(name)).sort();
  if (missing.length === 0) return [];
  const names = listed(missing);
  if (hasAllSymbols) {
    const message = `it needs ${names}, which the kernel and its modules do not export`;
    return [
      misfit("symbols", "no", message, "Check the modules that export it together with this one.", missing),
    ];
  }
  const message = `it needs ${names}, and no module of the device shows whether the kernel exports that`;
  const hint = "Add the kernel's own list: kheaders symvers --add Module.symvers";
  return [misfit("symbols", "unknown", message, hint, missing)];
}

function namespaceMisfits(module: ModuleFile, kernel: TargetKernel): Misfit[] {
  if (kernel.config.has("CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS")) return [];
  const lacks = (namespaces: readonly string[]) =>
    namespaces.some((namespace) => !module.namespaces.includes(namespace));
  const certain = (name: string) => [kernel.symbols.get(name)?.namespace ?? ""].filter((text) => text !== "");
  const possible = (name: string) =>
    Object.hasOwn(kernel.possibleNamespaces, name) ? (kernel.possibleNamespaces[name] ?? []) : [];
  const found: Misfit[] = [];
  for (const [fits, namespacesOf] of [
    ["no", certain],
    ["unknown", possible],
  ] as const) {
    const symbols = module.imports.filter((name) => lacks(namespacesOf(name))).sort();
    if (symbols.length === 0) continue;
    const missing = [...new Set(symbols.flatMap(namespacesOf))].filter((name) => lacks([name])).sort();
    const verb = fits === "no" ? "is" : "may be";
    const message = `${listed(symbols)} ${verb} in the namespace ${listed(missing)}, which it does not import`;
    const hint = `Add to its source: ${missing.map((name) => `MODULE_IMPORT_NS(${printable(name)});`).join(" ")}`;
    found.push(misfit("namespaces", fits, message, hint, symbols));
  }
  return found;
}

/** Linux include/linux/license.h. */
const gplCompatible: ReadonlySet<string> = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
]);

function licenseMisfits(module: ModuleFile, kernel: TargetKernel): Misfit[] {
  if (gplCompatible.has(module.license ?? "")) return [];
  const named = module.license === undefined ? "has no license" : `is under "${printable(module.license)}"`;
  const known = module.imports.filter((name) => kernel.symbols.get(name)?.gplOnly === true);
  if (known.length > 0) {
    const message = `it ${named}, and uses ${listed(known)}, which the kernel exports to GPL modules alone`;
    return [
      misfit("license", "no", message, 'Set MODULE_LICENSE("GPL"), or do without these symbols.', known),
    ];
  }
  if (kernel.hasAllSymbols) return [];
  const message = `it ${named}, and which symbols the kernel exports to GPL modules alone is not known`;
  return [
    misfit("license", "unknown", message, "Add the kernel's own list: kheaders symvers --add Module.symvers"),
  ];
}

function namesOf(versions: readonly (readonly [string, number])[]): string[] {
  return versions.map(([symbol]) => symbol).sort();
}

/** The most names in a message. */
const maxListed = 5;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, maxListed).map((name) => printable(name));
  const more = names.length - shown.length;
  return more === 0 ? shown.join(", ") : `${shown.join(", ")} and ${more} more`;
}

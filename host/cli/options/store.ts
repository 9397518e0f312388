import type { Option } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import type { StoreUse } from "../../pull/shared-store.js";
import { useStore } from "../../sharing/use.js";
import type { Repository } from "../../store/repository.js";
import { option } from "./option.js";

/** Options that name a store. */
export interface StoreFlags {
  readonly store?: string;
  readonly storeInsecure?: boolean;
  readonly storeWrite?: boolean;
}

const insecureOption = option("--store-insecure", "speak plain HTTP to the registry of --store");

/** For commands that work on a store. */
export const storeOptions: readonly Option[] = [
  option("--store <address>", "the store: oci://HOST/REPOSITORY or oci:FOLDER (or set KHEADERS_STORE)"),
  insecureOption,
];

/** For commands that get headers. */
export const storeUseOptions: readonly Option[] = [
  option(
    "--store <address>",
    "ask this store first: oci://HOST/REPOSITORY or oci:FOLDER (or set KHEADERS_STORE)",
  ),
  option("--store-write", "store what is new"),
  insecureOption,
];

/** The store that the flags or the environment name, for a pull or an import; undefined if they name none. @throws KheadersError `usage`. */
export function storeUseOf(flags: StoreFlags): StoreUse | undefined {
  const named = addressOf(flags);
  if (named !== undefined)
    return useStore(named.address, {
      write: flags.storeWrite === true,
      insecure: flags.storeInsecure === true,
      from: named.from,
    });
  if (flags.storeWrite && process.env.KHEADERS_STORE === undefined)
    throw new KheadersError("usage", "--store-write is given, but no store", { hint: naming });
  return undefined;
}

/** The repository that the flags or the environment name. @throws KheadersError `usage` if they name none. */
export async function repositoryOf(flags: StoreFlags): Promise<Repository> {
  const named = addressOf(flags);
  if (named === undefined) throw new KheadersError("usage", "no store is given", { hint: naming });
  const { parseStoreAddress } = await import("../../store/address.js");
  parseStoreAddress(named.address, named.from);
  const { openRepository } = await import("../../store/open.js");
  return openRepository(named.address, { insecure: flags.storeInsecure === true });
}

const naming = "Name it with --store, KHEADERS_STORE, or store in kheaders.json.";

/** An empty variable names none, whatever the configuration file says. */
function addressOf({ store }: StoreFlags): { readonly address: string; readonly from: string } | undefined {
  const { KHEADERS_STORE: fromEnvironment } = process.env;
  const address = store ?? fromEnvironment;
  if (!address) return undefined;
  return { address, from: store === undefined ? "KHEADERS_STORE" : "--store" };
}

import { KheadersError } from "../../shared/errors.js";
import { asBuildId } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import { asTag, type Repository } from "../store/repository.js";
import { type FoundKernel, readKernel } from "./find.js";
import { listStore } from "./list.js";
import { mayBeSame } from "./same-kernel.js";
import { isKernelTag } from "./tags.js";

/** The fewest digits that name an archive. */
const minDigits = 8;

/**
 * The one kernel in a store that a name means: a tag, a build-id, the beginning of its archive's digest, or its release.
 *
 * Throws `not-stored`, `several-kernels`, and as a {@link Repository} does.
 */
export async function chooseStored(
  repository: Repository,
  name: string,
  signal: AbortSignal,
): Promise<FoundKernel> {
  const tag = asTag(asBuildId(name) === undefined ? name : `buildid-${name}`);
  const tagged = tag && isKernelTag(tag) ? await readKernel(repository, tag, signal) : undefined;
  if (tagged !== undefined) return tagged;
  const { kernels } = await listStore(repository, { signal });
  const isMeant = ({ kernel, archive }: FoundKernel) =>
    kernel.release === name || (name.length >= minDigits && archive.digest.startsWith(name));
  const [first, ...others] = kernels.filter(isMeant);
  if (first === undefined)
    throw new KheadersError("not-stored", `the store has no kernel ${printable(name)}`, {
      hint: "See what there is with: kheaders store ls",
    });
  const isFirst = ({ kernel, archive }: FoundKernel) =>
    archive.digest === first.archive.digest && mayBeSame(kernel, first.kernel);
  if (others.every(isFirst)) return first;
  const list = [first, ...others].map(
    ({ kernel, archive }) =>
      `  ${archive.digest.slice(0, 12)}  ${kernel.buildId ?? "(build-id unknown)"}  ${printable(kernel.version ?? "(version unknown)")}`,
  );
  throw new KheadersError("several-kernels", `the store has several such kernels:\n${list.join("\n")}`, {
    hint: "Choose one by its digest or its build-id.",
  });
}

import type { Digest, KernelIdentity } from "../../shared/identity.js";
import { makeEntry } from "../cache/index.js";
import { macrosOf } from "../kernel/config.js";
import type { SharedStore, StoreOffer } from "../pull/shared-store.js";
import type { Repository } from "../store/repository.js";
import { type FoundKernel, findKernels } from "./find.js";
import { optionsDigestOf } from "./options-digest.js";
import { pushKernel } from "./push.js";
import { takeKernel } from "./take.js";

/** A repository of kernels, as a pull sees it. */
export function sharedStore(repository: Repository): SharedStore {
  return {
    address: repository.address,
    connect: (signal) => repository.connect(signal),
    async *offers({ identity, config }, signal) {
      const optionsDigest = config && optionsDigestOf(macrosOf(config));
      for await (const stored of findKernels(repository, { ...identity, optionsDigest }, signal))
        yield offerOf(repository, stored, identity, optionsDigest);
    },
    async write(cache, entry, signal) {
      await pushKernel(repository, entry, { cache, replace: false, signal });
    },
  };
}

function offerOf(
  repository: Repository,
  stored: FoundKernel,
  identity: KernelIdentity,
  optionsDigest: Digest | undefined,
): StoreOffer {
  const { kernel, archive } = stored;
  const isSame = optionsDigest !== undefined && optionsDigest === stored.optionsDigest;
  return {
    entry: makeEntry({
      kernel: { ...kernel, fingerprint: undefined },
      digest: archive.digest,
      bytes: archive.size,
      source: "store",
      origin: repository.address,
      // It was not published yet.
      created: new Date(0),
      tool: "",
    }),
    hasSameOptions:
      isSame || (kernel.configDigest !== undefined && kernel.configDigest === identity.configDigest),
    take: (options) => takeKernel(repository, stored, options),
  };
}

import type { AddCommand } from "./options/command.js";

/** Loads a command. It is only loaded if it may be the one that runs, or is to be listed. */
export type LoadCommand = () => Promise<{ readonly add: AddCommand }>;

/** Commands by name, in the order of `--help`. */
type Commands = Readonly<Record<string, LoadCommand>>;

/** All commands: each group is the folder in `commands/` in which its commands lie. */
export const commandTable = {
  get: {
    pull: () => import("./commands/get/pull.js"),
    import: () => import("./commands/get/import.js"),
    watch: () => import("./commands/get/watch.js"),
    devices: () => import("./commands/get/devices.js"),
    unload: () => import("./commands/get/unload.js"),
    doctor: () => import("./commands/get/doctor.js"),
  },
  use: {
    exec: () => import("./commands/use/exec.js"),
    env: () => import("./commands/use/env.js"),
    info: () => import("./commands/use/info.js"),
    cflags: () => import("./commands/use/cflags.js"),
    bpf: () => import("./commands/use/bpf.js"),
    btf: () => import("./commands/use/btf.js"),
    layout: () => import("./commands/use/layout.js"),
    diff: () => import("./commands/use/diff.js"),
    pch: () => import("./commands/use/pch.js"),
    module: () => import("./commands/use/module.js"),
    "check-module": () => import("./commands/use/check-module.js"),
    symvers: () => import("./commands/use/symvers.js"),
    check: () => import("./commands/use/check.js"),
  },
  store: {
    store: () => import("./commands/store/store.js"),
  },
  cache: {
    cache: () => import("./commands/cache/cache.js"),
    completion: () => import("./commands/cache/completion.js"),
  },
} satisfies Readonly<Record<string, Commands>>;

/** The headings of the groups. */
export const groupHeadings: Readonly<Record<keyof typeof commandTable, string>> = {
  get: "Get headers:",
  use: "Use headers:",
  store: "Share headers:",
  cache: "Keep headers:",
};

import { execFileSync } from "node:child_process";
import { findProgram } from "./programs.js";

/** A shell that a device may have, and the tools that come with it. */
export interface DeviceShell {
  readonly name: string;
  /** The program and the arguments that stand before `-c`. */
  readonly argv: readonly [program: string, ...arguments_: string[]];
  /** Multi-call binary whose tools this shell's device has; the workstation's own tools where there is none. */
  readonly toolbox: { readonly path: string; readonly tools: ReadonlySet<string> } | undefined;
  /** The shell runs its toolbox's tools before those in PATH, as a busybox that is built for rescue disks does. */
  readonly prefersToolbox: boolean;
}

/** mksh with toybox is Android's pair; dash and busybox stand for other systems with an adbd. */
export const shellNames = ["mksh", "dash", "busybox ash"] as const;

/** Finds the shell, or says why it cannot be had. */
export function findShell(name: (typeof shellNames)[number]): DeviceShell | string {
  const [program, applet] = name.split(" ");
  const path = findProgram(program ?? "");
  if (path === undefined) return `${program} is not installed`;
  if (applet !== undefined) {
    return { name, argv: [path, applet], toolbox: toolboxAt(path, ["--list"]), prefersToolbox: true };
  }
  const toybox = name === "mksh" ? findProgram("toybox") : undefined;
  return {
    name,
    argv: [path],
    toolbox: toybox === undefined ? undefined : toolboxAt(toybox, []),
    prefersToolbox: false,
  };
}

function toolboxAt(path: string, listing: readonly string[]) {
  return { path, tools: new Set(execFileSync(path, listing, { encoding: "utf8" }).split(/\s+/)) };
}

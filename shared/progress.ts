/** A step of the work, in the order in which they may come. */
export type Stage =
  | "waiting-for-device"
  | "downloading"
  | "opening"
  | "packing"
  | "connecting"
  | "identifying"
  | "cache-hit"
  | "cache-miss"
  | "waiting-for-other-pull"
  | "asking-store"
  | "store-hit"
  | "store-miss"
  | "writing-store"
  | "becoming-root"
  | "restarting-adbd"
  | "waiting-for-device-lock"
  | "preparing"
  | "transferring"
  | "unpacking"
  | "publishing"
  | "repairing"
  | "waiting-for-other-build"
  | "copying"
  | "preparing-source"
  | "reading-modules"
  | "reading-btf"
  | "making-btf"
  | "building";

/** What a caller may show while the work goes on. */
export type ProgressEvent =
  | { readonly type: "stage"; readonly stage: Stage; readonly detail?: string }
  /** Bytes of the compressed archive received so far, and in all. */
  | { readonly type: "progress"; readonly bytes: number; readonly total: number }
  /** Modules of the device received so far, and in all; and the bytes received so far. */
  | { readonly type: "modules"; readonly done: number; readonly total: number; readonly bytes: number }
  /** Something worth a line that is not a problem. */
  | { readonly type: "notice"; readonly message: string }
  /** Something that the user should know; the work goes on. */
  | { readonly type: "warning"; readonly message: string };

export type ProgressListener = (event: ProgressEvent) => void;

/** The event for waiting for another process. It names that process if it is known and not this one. */
export function waitingEvent(stage: Stage, pid: number | undefined): ProgressEvent {
  if (pid === undefined || pid === process.pid) return { type: "stage", stage };
  return { type: "stage", stage, detail: `process ${pid}` };
}

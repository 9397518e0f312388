/** What a command does, in the order in which it may do it. */
export type Stage =
  | "waiting-for-device"
  | "connecting"
  | "identifying"
  | "waiting-for-other-pull"
  | "becoming-root"
  | "restarting-adbd"
  | "waiting-for-device-lock"
  | "preparing"
  | "transferring"
  | "unpacking"
  | "publishing"
  | "repairing"
  | "copying"
  | "reading-modules"
  | "building";

/** What a caller may show of a long work. */
export type ProgressEvent =
  | { readonly type: "stage"; readonly stage: Stage; readonly detail?: string }
  /** Bytes of the compressed archive that have come, of how many. */
  | { readonly type: "progress"; readonly bytes: number; readonly total: number }
  /** Modules of the device that have come, of how many, and their bytes so far. */
  | { readonly type: "modules"; readonly done: number; readonly total: number; readonly bytes: number }
  /** Something worth a line, and no reason to worry. */
  | { readonly type: "notice"; readonly message: string }
  /** Something that the user should know, though the work goes on. */
  | { readonly type: "warning"; readonly message: string };

export type ProgressListener = (event: ProgressEvent) => void;

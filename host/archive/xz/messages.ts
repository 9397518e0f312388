/** What the thread that unpacks sends to the decoder thread. */
export type ToDecoder =
  | { readonly type: "input"; readonly bytes: Uint8Array }
  | { readonly type: "end" }
  /** The receiver is done with so many decoded bytes. */
  | { readonly type: "used"; readonly bytes: number };

/** What the decoder thread sends. */
export type FromDecoder =
  /** So many compressed bytes have gone into the decoder. */
  | { readonly type: "taken"; readonly bytes: number }
  | { readonly type: "output"; readonly bytes: Uint8Array }
  | { readonly type: "done" }
  /** `status` is a result code of xz-embedded, undefined for a failure of another kind. */
  | { readonly type: "failed"; readonly status: number | undefined; readonly message: string };

/**
 * Decoded bytes in flight, at most, plus one piece of 64 KiB: enough to bridge a pause of the writer, little enough that
 * a bomb does no harm.
 */
export const decodedInFlight = 1024 * 1024;

/** Compressed bytes in flight, at most, plus one piece: room for a usual archive, so that the device is done early. */
export const compressedInFlight = 8 * 1024 * 1024;

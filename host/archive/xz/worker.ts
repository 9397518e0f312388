/**
 * The decoder thread: compressed bytes in, decoded bytes out, nothing else. `xz-decompress` allows one decoder a
 * thread (a second one waits for the first to end) and computes for long, so each archive gets a thread of its own.
 */
import { type MessagePort, parentPort } from "node:worker_threads";
import xz from "xz-decompress";
import { decodedInFlight, type FromDecoder, type ToDecoder } from "./messages.js";
import { Window } from "./window.js";

async function decode(port: MessagePort): Promise<void> {
  const outgoing = new Window(decodedInFlight);
  try {
    for await (const bytes of new xz.XzReadableStream(input(port, outgoing))) {
      if (bytes.length === 0) continue;
      const { length, buffer } = bytes;
      send(port, { type: "output", bytes }, buffer instanceof ArrayBuffer ? [buffer] : []);
      await outgoing.add(length);
    }
    send(port, { type: "done" });
  } catch (error) {
    send(port, failure(error));
  }
}

/** What comes in, as the decoder asks for it. */
function input(port: MessagePort, outgoing: Window): ReadableStream<Uint8Array> {
  const received = new ReadableStream<Uint8Array>({
    start(controller) {
      port.on("message", (message: ToDecoder) => {
        if (message.type === "input") controller.enqueue(message.bytes);
        else if (message.type === "end") controller.close();
        else outgoing.release(message.bytes);
      });
    },
  });
  const taking = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      // The decoder takes a piece without bytes for the end.
      if (bytes.length > 0) controller.enqueue(bytes);
      send(port, { type: "taken", bytes: bytes.length });
    },
  });
  return received.pipeThrough(taking);
}

/** `xz-decompress` passes on the result codes of xz-embedded (`enum xz_ret` in its `xz.h`) in the text of an error. */
function failure(error: unknown): FromDecoder {
  const message = error instanceof Error ? error.message : String(error);
  const status = /^get_next_output failed with error code (\d+)$/.exec(message)?.[1];
  return { type: "failed", status: status === undefined ? undefined : Number(status), message };
}

function send(port: MessagePort, message: FromDecoder, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

if (parentPort !== null) void decode(parentPort);

import { connectToDevice, type Device } from "../adb/devices.js";
import type { AdbServer } from "../adb/server.js";
import { Conversation, type ConversationOptions } from "./conversation.js";

/** How to reach the agent on a device. */
export interface WithConversationOptions extends ConversationOptions {
  readonly server: AdbServer;
  readonly signal: AbortSignal;
}

/** Starts the agent on a device, works with it, and ends it whatever comes of the work. */
export async function withConversation<T>(
  device: Device,
  options: WithConversationOptions,
  work: (conversation: Conversation) => Promise<T>,
): Promise<T> {
  const connection = await connectToDevice(options.server, device, options.signal);
  const conversation = await Conversation.start(connection, options, options.signal);
  try {
    return await work(conversation);
  } finally {
    await conversation.end();
  }
}

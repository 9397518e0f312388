import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { Conversation } from "./conversation.js";

/** How AOSP's su says that there is no user `-c` (system/extras/su/su.cpp), in its spellings over the releases. */
const takesUserFirst = /invalid uid|invalid user|unknown (user|id|uid)|bad user/i;

/** How long to wait for an answer to the root manager's prompt on the device's screen: Magisk's own default is 10 s. */
export const rootTimeoutSeconds = 30;

/**
 * Goes on as root by way of su: `su -c` first, as Magisk and KernelSU take it, and only if that says that the user id is
 * invalid AOSP's `su 0`. Throws `needs-root` if there is no su, `root-refused` or `root-timeout`.
 *
 * @param purpose what root is needed for: the error's message begins with it.
 */
export async function becomeRoot(
  conversation: Conversation,
  purpose: string,
  timeoutSeconds = rootTimeoutSeconds,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new KheadersError("timed-out", `gave up after ${timeoutSeconds} s`));
    }, timeoutSeconds * 1000);
  });
  try {
    await Promise.race([trySu(conversation, purpose), timeout]);
  } catch (error) {
    if (error instanceof KheadersError && error.code === "timed-out") throw unanswered(purpose, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function unanswered(purpose: string, cause: KheadersError): KheadersError {
  return new KheadersError("root-timeout", `${purpose}, and su did not answer: ${cause.message}`, {
    hint: "Unlock the device and grant root to Shell (com.android.shell) in its root manager, then try again.",
    cause,
  });
}

async function trySu(conversation: Conversation, purpose: string): Promise<void> {
  let failure = await conversation.becomeRoot("command");
  if (failure !== undefined && takesUserFirst.test(failure.output)) {
    failure = await conversation.becomeRoot("user");
  }
  if (failure === undefined) return;
  // What a shell ends with that does not find a program, or may not run it.
  if (failure.status === 127 || failure.status === 126) {
    throw new KheadersError("needs-root", `${purpose}, and the shell finds no su`, {
      hint:
        "If KernelSU or APatch is installed, grant root to Shell (com.android.shell) in its app: they hide su until " +
        "then. Otherwise root the device, or use a userdebug build with --root.",
    });
  }
  const said = printable(failure.output.split("\n").at(-1) ?? "", 200);
  throw new KheadersError("root-refused", `${purpose}, and su refused${said ? `: ${said}` : ""}`, {
    hint: "Grant root to Shell (com.android.shell, uid 2000) in the device's root manager.",
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import type { RunningKheaders } from "./kheaders.js";
import type { ObservedDevice } from "./observed-device.js";

/** Stages of a pull in which the module is loaded by it. */
export const pullStages = ["before the transfer", "during the transfer", "after the transfer"] as const;
export type PullStage = (typeof pullStages)[number];

/** For some bytes to come over a slow link. */
const transferMilliseconds = 300;

/**
 * Starts a pull and resolves when it has come to the stage, with the module loaded by it. In mid-transfer the link is slow
 * until the test makes it fast again: otherwise all that is left of the archive would be in somebody's buffer.
 */
export async function pullUntil(
  stage: PullStage,
  observed: ObservedDevice,
  start: () => RunningKheaders,
): Promise<RunningKheaders> {
  // A test that is tried a second time may have left it slow.
  await observed.setSlowLink(false);
  const held = stage === "after the transfer" ? "ls" : "insmod";
  await observed.hold(held);
  const from = await observed.mark();
  const pull = start();
  const reached = async () => {
    await observed.says(`${held} is done`, from);
    await observed.says("the module is loaded", from);
    if (stage === "during the transfer") {
      await observed.setSlowLink(true);
      await pull.says(/Transferring/);
      await sleep(transferMilliseconds);
    }
  };
  const ended = pull.ended.then(({ stderr }) => {
    throw new Error(`the pull ended before it was ${stage}: ${stderr}`);
  });
  await Promise.race([reached(), ended]);
  return pull;
}

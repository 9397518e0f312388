import { run } from "../lab/command.js";
import { labModules } from "../lab/index.js";

/** The lab's archive, which is made from a stock kernel's headers, and the release in it. */
export async function labKernel(): Promise<{ archive: string; release: string }> {
  const { archive } = await labModules();
  const utsrelease = await run("tar", ["-xJOf", archive, "./include/generated/utsrelease.h"]);
  return { archive, release: /"(.*)"/.exec(utsrelease)?.[1] ?? "" };
}

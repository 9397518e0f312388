import { join } from "node:path";
import { expect, it } from "vitest";
import { lastKbuildSource } from "../../../../host/build/kbuild/last-source.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

const remembering = (source: string | undefined) => ({ kbuildSource: async () => source });

it("is the one that the cache remembers", async () => {
  const last = temporaryFolder();
  expect(await lastKbuildSource("6.1", remembering(last))).toMatchObject({ path: last });
  expect(await lastKbuildSource("6.1", remembering(undefined))).toBeUndefined();
});

it("says that it was the last one, if that is gone", async () => {
  const gone = join(temporaryFolder(), "gone");
  await expect(lastKbuildSource("6.1", remembering(gone))).rejects.toThrow(
    expect.objectContaining({
      code: "usage",
      hint: expect.stringContaining("the last one that was used for 6.1"),
    }),
  );
});

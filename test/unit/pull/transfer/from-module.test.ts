import { describe, expect, it } from "vitest";
import { kheadersModules } from "../../../../host/pull/transfer/from-module.js";

const release = "6.1.57-android14-11-gabc";
const found = (...files: (string | [string, number])[]) => {
  const modules = files.map((file) =>
    typeof file === "string" ? { path: file, size: 100 } : { path: file[0], size: file[1] },
  );
  return kheadersModules({ modules }, release).map(({ path }) => path);
};

describe("the modules that are read", () => {
  it("are those of that name, compressed or not", () => {
    const own = ["/vendor/lib/modules/kheaders.ko", "/lib/modules/kheaders.ko.xz"];
    expect(
      found(
        "/vendor/lib/modules/wlan.ko",
        ...own,
        "/lib/modules/ikheaders.ko",
        "/lib/modules/kheaders.ko/x.ko",
      ),
    ).toEqual(own);
  });

  it("are the running release's first", () => {
    const own = `/system_dlkm/lib/modules/${release}/kernel/kernel/kheaders.ko`;
    const other = "/system_dlkm/lib/modules/6.1.57-android14-11-gabc-16k/kernel/kernel/kheaders.ko";
    expect(found("/vendor/lib/modules/kheaders.ko", other, own)).toEqual([
      own,
      "/vendor/lib/modules/kheaders.ko",
      other,
    ]);
  });

  it("are few, and no larger than an archive may be", () => {
    expect(
      found(...Array.from({ length: 10 }, (_, index) => `/lib/modules/${index}/kheaders.ko`)),
    ).toHaveLength(4);
    expect(found(["/lib/modules/kheaders.ko", 100 * 1024 * 1024])).toEqual([]);
  });
});

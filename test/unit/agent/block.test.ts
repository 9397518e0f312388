import { describe, expect, it } from "vitest";
import { Block } from "../../../host/agent/block.js";

describe("a block", () => {
  const block = new Block([
    "release=6.1.57",
    "version=#1 a=b",
    "boot=",
    "denied=/a",
    "denied=/b",
    "size=4027952",
  ]);

  it("gives a key's value, whatever that holds", () => {
    expect(block.get("release")).toBe("6.1.57");
    expect(block.get("version")).toBe("#1 a=b");
  });

  it("takes empty for absent", () => {
    expect(block.get("boot")).toBeUndefined();
    expect(block.get("machine")).toBeUndefined();
    expect(block.get("rel")).toBeUndefined();
  });

  it("gives every value of a key that comes several times", () => {
    expect(block.all("denied")).toEqual(["/a", "/b"]);
    expect(block.all("error")).toEqual([]);
  });

  it("gives a size", () => {
    expect(block.size("size")).toBe(4_027_952);
    expect(new Block(["size=0"]).size("size")).toBe(0);
  });

  it.each(["none", "denied", "-1", "1.5", "0x10", "1e3", " 1", "9999999999999999", ""])(
    "takes %j for no size",
    (value) => {
      expect(new Block([`size=${value}`]).size("size")).toBeUndefined();
    },
  );
});

import { describe, expect, it } from "vitest";
import { findType } from "../../../../host/compare/layout/find-type.js";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

const btf = new Btf(
  rawBtf([
    rawInt("int", 4),
    rawStruct("task_struct", 4, [["pid", 1, 0]]),
    { kind: "union", name: "task_struct", third: 4 },
    rawStruct("task_struct", 8, []),
    { kind: "typedef", name: "task_t", third: 2 },
    { kind: "typedef", name: "gfp_t", third: 1 },
    { kind: "forward", name: "opaque" },
    { kind: "function", name: "sock", third: 0 },
    { kind: "typedef", name: "round", third: 9 },
  ]),
);

function errorOf(name: string) {
  try {
    findType(btf, name);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a type is found", () => {
  it.each([
    ["task_struct", 2, 2],
    ["struct task_struct", 2, 1],
    ["union task_struct", 3, 0],
    ["task_t", 5, 0],
  ])("by its name: %s", (name, id, others) => {
    expect(findType(btf, name)).toEqual({ id, others });
  });

  it.each([
    ["task_strukt", 'there is no struct or union "task_strukt"', "Did you mean task_struct?"],
    ["union task_t", 'there is no struct or union "union task_t"', "Did you mean task_t?"],
    ["sock", 'there is no struct or union "sock"', expect.any(String)],
    ["gfp_t", "gfp_t is int, which has no members", undefined],
    ["opaque", "opaque is declared but not described", expect.any(String)],
    ["\x1b[2Jx", String.raw`there is no struct or union "\x1b[2Jx"`, expect.any(String)],
    ["", 'there is no struct or union ""', expect.any(String)],
  ])("or not, with the reason: %j", (name, message, hint) => {
    expect(errorOf(name)).toMatchObject({ code: "unknown-type", message, hint });
  });

  it("or not in damaged BTF", () => {
    expect(errorOf("round")).toMatchObject({ code: "btf-corrupt" });
  });
});

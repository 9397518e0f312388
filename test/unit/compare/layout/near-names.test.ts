import { expect, it } from "vitest";
import { nearNames } from "../../../../host/compare/layout/near-names.js";

const names = [
  "task_struct",
  "task_group",
  "sk_buff",
  "sk_buff_head",
  "sock",
  "socket",
  "mm_struct",
  "list_head",
];

it.each([
  ["task_strct", ["task_struct"]],
  ["TASK_STRUCT", ["task_struct"]],
  ["skbuff", ["sk_buff"]],
  ["sokc", ["sock"]],
  ["soc", ["sock"]],
  ["buff", ["sk_buff", "sk_buff_head"]],
  ["struct", ["mm_struct", "task_struct"]],
  ["nothing_like_it", []],
])("who writes %s may mean %j", (wanted, near) => {
  expect(nearNames(wanted, names)).toEqual(near);
});

it("few are named, and each once", () => {
  const many = Array.from({ length: 100 }, (_, index) => `name_${index}`);
  expect(nearNames("name", [...many, ...many])).toEqual(["name_0", "name_1", "name_2", "name_3", "name_4"]);
});

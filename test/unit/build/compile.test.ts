import { expect, it } from "vitest";
import { fileArgument } from "../../../host/build/compile.js";

it.each([
  ["@arguments.c", "./@arguments.c"],
  ["-O3.c", "./-O3.c"],
  ["prog.c", "prog.c"],
  ["/a/@b.c", "/a/@b.c"],
])("%s is given to clang as %s", (path, argument) => {
  expect(fileArgument(path)).toBe(argument);
});

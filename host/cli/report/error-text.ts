import type { KheadersError } from "../../../shared/errors.js";
import { columnsOf, fold, styled } from "./terminal.js";

/** An error and its hint, as they are printed on standard error. */
export function errorText({ message, hint }: KheadersError): string {
  const { stderr } = process;
  const [first = "", ...rest] = [`kheaders: ${message}`, ...(hint ? [`  ${hint}`] : [])].flatMap((line) =>
    fold(line, columnsOf(stderr)),
  );
  const coloured = first.replace(/^kheaders:/, (name) => styled("red", name, stderr));
  return [coloured, ...rest].map((line) => `${line}\n`).join("");
}

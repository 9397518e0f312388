/** What a page of the docs says of one key of an object: `ms.total`, `checks[].name`, `*` for any other key. */
export interface DocumentedKey {
  readonly key: string;
  /** As `string or null`, `list of objects`. */
  readonly type: string;
}

/** The objects that are documented, by the heading of their table; `command: case` if a command prints several kinds. */
export type DocumentedObjects = ReadonlyMap<string, readonly DocumentedKey[]>;

/** Reads the tables of docs/json.md that have the columns key, type and meaning. A section without one prints no object. */
export function documentedObjects(markdown: string): DocumentedObjects {
  const objects = new Map<string, DocumentedKey[]>();
  for (const section of markdown.split(/^#{2,4} /m).slice(1)) {
    const [heading = "", ...lines] = section.split("\n");
    const rows = lines.filter((line) => line.startsWith("|")).map((line) => line.split("|").slice(1, -1));
    const isTable = rows[0]?.[0]?.trim() === "key";
    const keys = (isTable ? rows.slice(2) : []).flatMap(([names = "", type = ""]) =>
      Array.from(names.matchAll(/`([^`]+)`/g), ([, key = ""]) => ({ key, type: type.trim() })),
    );
    objects.set(heading.trim(), keys);
  }
  return objects;
}

/**
 * What a line that a command printed with --json has other than the docs say.
 *
 * @param command As in the docs: `cache ls`.
 * @returns what is wrong, for the documented object that is most alike; nothing if one is right.
 */
export function undocumented(objects: DocumentedObjects, command: string, printed: unknown): string[] {
  const names = [...objects.keys()].filter((name) => name === command || name.startsWith(`${command}: `));
  if (names.length === 0) return [`docs/json.md has no section "${command}"`];
  const candidates = [...names, "Errors"]
    .map((name) => objects.get(name) ?? [])
    .filter((keys) => keys.length > 0);
  const problems = candidates.map((keys) => problemsOf(keys, "", printed));
  return problems.sort((one, other) => one.length - other.length)[0] ?? [`${command} prints no object`];
}

/**
 * What a command line printed with --json other than the docs say, one problem a line. Nothing without --json.
 *
 * @param args The words after `kheaders`.
 */
export function undocumentedIn(
  objects: DocumentedObjects,
  args: readonly string[],
  stdout: string,
): string[] {
  const command = commandIn(objects, args);
  const words = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (!words.includes("--json") || command === "exec") return [];
  const lines = stdout.split("\n").slice(0, -1);
  if (lines.length > 0 && command === undefined)
    return [`docs/json.md has no section for: ${args.join(" ")}`];
  return lines.flatMap((line) => undocumented(objects, command ?? "", JSON.parse(line)));
}

/** The documented command that a command line names, as `cache ls`. */
export function commandIn(objects: DocumentedObjects, args: readonly string[]): string | undefined {
  for (const [index, word] of args.entries()) {
    for (const name of [`${word} ${args[index + 1]}`, word]) if (objects.has(name)) return name;
  }
  return undefined;
}

function problemsOf(keys: readonly DocumentedKey[], prefix: string, value: unknown): string[] {
  if (Array.isArray(value)) {
    const type = keys.find(({ key }) => key === `${prefix}[]`)?.type ?? "object";
    return value.flatMap((one) => typeProblems(keys, `${prefix}[]`, type, one));
  }
  if (typeof value !== "object" || value === null) return [`${prefix}: ${typeof value}, expected an object`];
  const start = prefix === "" ? "" : `${prefix}.`;
  const own = keys.filter(({ key }) => key.startsWith(start) && /^[^.[\]]+$/.test(key.slice(start.length)));
  const any = own.find(({ key }) => key === `${start}*`);
  const missing = own.filter(({ key }) => !key.endsWith("*") && !(key.slice(start.length) in value));
  return [
    ...missing.map(({ key }) => `${key}: documented, and not printed`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const documented = own.find(({ key }) => key === start + name) ?? any;
      if (documented === undefined) return [`${start}${name}: printed, and not documented`];
      return typeProblems(keys, start + name, documented.type, one);
    }),
  ];
}

function typeProblems(keys: readonly DocumentedKey[], key: string, type: string, value: unknown): string[] {
  if (value === null && type.endsWith(" or null")) return [];
  const base = type.replace(/ or null$/, "");
  const wrong = [`${key}: ${JSON.stringify(value)}, documented as ${type}`];
  switch (base) {
    case "object":
      return isObject(value) ? problemsOf(keys, key, value) : wrong;
    case "list of objects":
      return Array.isArray(value) && value.every(isObject)
        ? value.flatMap((one) => problemsOf(keys, `${key}[]`, one))
        : wrong;
    case "list of strings":
      return Array.isArray(value) && value.every((one) => typeof one === "string") ? [] : wrong;
    case "list of members":
      return Array.isArray(value) && value.every(isObject)
        ? value.flatMap((one) => problemsOf(keys, "members[]", one))
        : wrong;
    default:
      return base === typeof value ? [] : wrong;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

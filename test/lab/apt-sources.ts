/** One archive of packages, as a line or a stanza of apt's sources names it (sources.list(5)). */
export interface AptSource {
  readonly types: readonly string[];
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Options by their deb822 names in lower case: `signed-by`, `architectures`, ... */
  readonly options: ReadonlyMap<string, string>;
}

/** Fields of a stanza that are no options. */
const mainFields = new Set(["types", "uris", "suites", "components", "enabled"]);

/** One-line options that are called something else in deb822; the values of these are separated by commas. */
const longNames: Readonly<Record<string, string>> = {
  arch: "architectures",
  lang: "languages",
  target: "targets",
};

/** Reads a `.sources` file. Stanzas that are switched off are left out. */
export function parseDeb822(text: string): AptSource[] {
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .map(fieldsOf)
    .filter((fields) => fields.has("types") && !/^(no|false|off|0)$/i.test(fields.get("enabled") ?? ""))
    .map((fields) => ({
      types: words(fields.get("types")),
      uris: words(fields.get("uris")),
      suites: words(fields.get("suites")),
      components: words(fields.get("components")),
      options: new Map([...fields].filter(([name]) => !mainFields.has(name))),
    }));
}

/** Reads a `.list` file: `deb [option=value ...] URI SUITE COMPONENT...`. */
export function parseOneLine(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?([^#]+)/.exec(line);
    const [uri, suite, ...components] = words(match?.[3]);
    if (match?.[1] === undefined || uri === undefined || suite === undefined) continue;
    const options = new Map(words(match[2]).map(optionOf));
    sources.push({ types: [match[1]], uris: [uri], suites: [suite], components, options });
  }
  return sources;
}

/** Writes a source as a deb822 stanza. */
export function formatDeb822(source: AptSource): string {
  const lines = [
    `Types: ${source.types.join(" ")}`,
    `URIs: ${source.uris.join(" ")}`,
    `Suites: ${source.suites.join(" ")}`,
  ];
  if (source.components.length > 0) lines.push(`Components: ${source.components.join(" ")}`);
  for (const [name, value] of source.options) lines.push(`${name}: ${value}`);
  return `${lines.join("\n")}\n`;
}

/**
 * The source of the distribution `codename` itself (not its updates or security suites) turned to another suite, with
 * the address and the keys that the machine already uses; undefined where the machine has no such source.
 */
export function turnedTo(
  sources: readonly AptSource[],
  codename: string,
  suite: string,
): AptSource | undefined {
  const main = sources.find(
    ({ types, suites, components }) =>
      types.includes("deb") &&
      components.includes("main") &&
      suites.some((name) => name === codename || name === "stable"),
  );
  return main && { ...main, types: ["deb"], suites: [suite], components: ["main"] };
}

/** The fields of a stanza by lower-case name; lines that begin with a blank continue the field, `#` lines are comments. */
function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let last = "";
  for (const line of stanza.split("\n")) {
    if (line.startsWith("#")) continue;
    const match = /^([^\s:]+):(.*)$/.exec(line);
    if (match?.[1] !== undefined) {
      last = match[1].toLowerCase();
      fields.set(last, (match[2] ?? "").trim());
    } else if (/^[ \t]/.test(line) && last !== "") {
      fields.set(last, `${fields.get(last) ?? ""}\n${line}`);
    }
  }
  return fields;
}

function optionOf(option: string): [name: string, value: string] {
  const [name = "", ...value] = option.split("=");
  const long = longNames[name.toLowerCase()];
  return long === undefined
    ? [name.toLowerCase(), value.join("=")]
    : [long, value.join("=").replaceAll(",", " ")];
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

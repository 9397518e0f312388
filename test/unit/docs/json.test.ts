import { beforeAll, describe, expect, it, vi } from "vitest";
import type { CliCommand } from "../../../host/cli/parser/cli-command.js";
import { makeProgram } from "../../../host/cli/program.js";
import {
  errorObject,
  listedObject,
  listedTreeObject,
  removedObject,
  resultObject,
} from "../../../host/cli/report/result.js";
import { exitStatusOf, KheadersError } from "../../../shared/errors.js";
import { asDigest } from "../../../shared/identity.js";
import { commandIn, documentedObjects, undocumented, undocumentedIn } from "../../support/json-docs.js";
import { readRepositoryFile } from "../../support/repository.js";

const page = readRepositoryFile("docs/json.md");
const objects = documentedObjects(page);

let commands: string[];
beforeAll(async () => {
  vi.stubGlobal("KHEADERS_VERSION", "1.2.3");
  const program = await makeProgram(["--help"]);
  commands = namesOf(program, "").filter((name) => name !== "help");
  return () => vi.unstubAllGlobals();
  // It loads all commands.
}, 120_000);

/** The commands that do something, as `cache ls`. */
function namesOf(command: CliCommand, prefix: string): string[] {
  return command.commands.flatMap((one) =>
    one.commands.length > 0 ? namesOf(one as CliCommand, `${prefix}${one.name()} `) : [prefix + one.name()],
  );
}

/** As a line of output is read again. */
function printed(object: object): unknown {
  return JSON.parse(JSON.stringify(object));
}

describe("docs/json.md", () => {
  it("describes what each command prints with --json", () => {
    expect(commands.filter((name) => !objects.has(name))).toEqual([]);
  });

  it("describes no command that is not there", () => {
    const [, sections = ""] = page.split("\n## Commands that get headers\n");
    const described = Array.from(sections.matchAll(/^### (.+)$/gm), ([, name = ""]) => name);
    expect(described.filter((name) => !commands.includes(name))).toEqual([]);
  });

  it("has all codes of errors, by exit status", () => {
    const rows = Array.from(page.matchAll(/^\| (\d+) +\| (`.*`) +\|$/gm), ([, status, codes = ""]) => [
      Number(status),
      codes.split(", ").map((code) => code.replaceAll("`", "")),
    ]);
    const statuses = [...new Set(Object.values(exitStatusOf))];
    const expected = statuses.map((status) => [
      status,
      Object.entries(exitStatusOf).flatMap(([code, one]) => (one === status ? [code] : [])),
    ]);
    expect(rows).toEqual(expected);
  });
});

describe("the objects", () => {
  const digest = asDigest("0".repeat(64));
  if (digest === undefined) throw new Error("no digest");
  const kernel = {
    release: "6.1.57",
    fingerprint: undefined,
    version: undefined,
    machine: undefined,
    buildId: undefined,
    configDigest: undefined,
  };
  const date = new Date(0);
  const entry = {
    id: "1",
    kernel,
    digest,
    bytes: 1,
    source: "file",
    origin: undefined,
    created: date,
    tool: "1.2.3",
  } as const;

  it("of a pull of which little is known have all keys", () => {
    const result = resultObject({
      serial: undefined,
      kernel: { ...kernel, bootId: undefined },
      previous: undefined,
      digest,
      bytes: 1,
      archive: "/a",
      tree: "/t",
      entry: undefined,
      cache: "hit",
      proof: undefined,
      source: "file",
      unloaded: undefined,
      ms: {},
    });
    expect(undocumented(objects, "pull", printed(result))).toEqual([]);
  });

  it("of what the cache has and lost have all keys", () => {
    const listed = { entry, stats: undefined, tree: undefined, lastUse: date, serials: [] };
    expect(undocumented(objects, "cache ls", printed(listedObject(listed)))).toEqual([]);
    const stats = { files: 1, folders: 1, links: 0, unpackedBytes: 1 };
    const apart = { digest, bytes: 1, tree: "/t", lastUse: date, ...stats };
    expect(undocumented(objects, "cache ls", printed(listedTreeObject(apart)))).toEqual([]);
  });

  it("of removed trees tell kernels as all others do", () => {
    const report = { removed: [removedObject({ digest, kernels: [entry] })], inUse: [], freedBytes: 1 };
    expect(undocumented(objects, "cache rm", printed(report))).toEqual([]);
  });

  it("of errors have all keys, with no device and no hint", () => {
    const error = errorObject(undefined, new KheadersError("usage", "no"));
    expect(undocumented(objects, "cache rm", printed(error))).toEqual([]);
  });
});

describe("an object that is not as documented is found:", () => {
  const documented = documentedObjects(`## A thing
### thing
| key | type | |
| - | - | - |
| \`a\`, \`b\` | string or null | x |
| \`c\` | list of objects | y |
| \`c[].d\` | number | z |
### list
| key | type | |
| - | - | - |
| \`[]\` | string | x |
### none
`);

  it.each([
    [{ a: "1", b: null, c: [{ d: 1 }] }, []],
    [{ a: "1", b: null, c: [] }, []],
    [{ a: "1", c: [] }, ["b: documented, and not printed"]],
    [{ a: "1", b: null, c: [], e: 1 }, ["e: printed, and not documented"]],
    [{ a: 1, b: null, c: [] }, ["a: 1, documented as string or null"]],
    [{ a: "1", b: null, c: [{ d: 1, f: 1 }] }, ["c[].f: printed, and not documented"]],
    [{ a: "1", b: null, c: [null] }, ["c: [null], documented as list of objects"]],
  ])("%j", (object, problems) => {
    expect(undocumented(documented, "thing", object)).toEqual(problems);
  });

  it.each([
    [["-s", "a b", "cache", "ls", "--json"], "cache ls"],
    [["--json", "pull", "--all"], "pull"],
    [["nothing", "--json"], undefined],
  ])("%j is what was run", (args, command) => {
    expect(commandIn(objects, args)).toBe(command);
  });

  it("line by line", () => {
    const args = ["cache", "dir", "--json"];
    expect(undocumentedIn(objects, args, '{"dir":"/c"}\n')).toEqual([]);
    expect(undocumentedIn(objects, args, '{"dir":"/c"}\n{"dir":1}\n')).toEqual([
      "dir: 1, documented as string",
    ]);
    expect(undocumentedIn(objects, ["new", "--json"], "{}\n")).toEqual([
      "docs/json.md has no section for: new --json",
    ]);
    expect(undocumentedIn(objects, ["new"], "{}\n")).toEqual([]);
  });

  it("in members of members", () => {
    const member = { name: "a", type: "int", offset: 0, size: 4, bits: null, hole: null, members: null };
    const layout = (inner: object) => ({
      ...{ kind: "struct", name: "s", typedef: null, size: 4, padding: null },
      members: [{ ...member, members: [inner] }],
    });
    expect(undocumented(objects, "layout", layout(member))).toEqual([]);
    expect(undocumented(objects, "layout", layout({ ...member, size: null }))).toEqual([
      "members[].size: null, documented as number",
    ]);
  });

  it("also in lists, in commands that print none, and in commands that are not documented", () => {
    expect(undocumented(documented, "list", ["a"])).toEqual([]);
    expect(undocumented(documented, "list", [1])).toEqual(["[]: 1, documented as string"]);
    expect(undocumented(documented, "none", {})).toEqual(["none prints no object"]);
    expect(undocumented(documented, "other", {})).toEqual(['docs/json.md has no section "other"']);
  });
});

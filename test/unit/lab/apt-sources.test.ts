import { describe, expect, it } from "vitest";
import { formatDeb822, parseDeb822, parseOneLine, turnedTo } from "../../lab/apt-sources.js";

const stanza = `# kept by hand
Types: deb deb-src
URIs: http://archive.example/debian
# a comment between fields
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/example.gpg

Types: deb
URIs: http://archive.example/security
Suites: bookworm-security
Components: main
Enabled: no
`;

describe("parseDeb822", () => {
  it("reads types, addresses, suites, components and options", () => {
    expect(parseDeb822(stanza)).toEqual([
      {
        types: ["deb", "deb-src"],
        uris: ["http://archive.example/debian"],
        suites: ["bookworm", "bookworm-updates"],
        components: ["main", "contrib"],
        options: new Map([["signed-by", "/usr/share/keyrings/example.gpg"]]),
      },
    ]);
  });

  it("keeps a key that is written over several lines", () => {
    const key = " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----";
    const [source] = parseDeb822(`Types: deb\nURIs: http://a.example\nSuites: sid\nSigned-By:\n${key}\n`);
    expect(source?.options.get("signed-by")).toBe(`\n${key}`);
  });

  it("gives nothing for a file of comments", () => {
    expect(parseDeb822("# nothing\n\n# here\n")).toEqual([]);
  });
});

describe("parseOneLine", () => {
  it("reads lines with and without options, and no comments", () => {
    const text = `
# deb http://archive.example/old buster main
deb [arch=amd64,arm64 signed-by=/k.gpg] http://archive.example/debian trixie main contrib # why
deb-src http://archive.example/debian trixie main
`;
    expect(parseOneLine(text)).toEqual([
      {
        types: ["deb"],
        uris: ["http://archive.example/debian"],
        suites: ["trixie"],
        components: ["main", "contrib"],
        options: new Map([
          ["architectures", "amd64 arm64"],
          ["signed-by", "/k.gpg"],
        ]),
      },
      {
        types: ["deb-src"],
        uris: ["http://archive.example/debian"],
        suites: ["trixie"],
        components: ["main"],
        options: new Map(),
      },
    ]);
  });
});

describe("formatDeb822", () => {
  it("writes what parseDeb822 reads", () => {
    const sources = parseDeb822(stanza);
    expect(parseDeb822(sources.map(formatDeb822).join("\n"))).toEqual(sources);
  });
});

describe("turnedTo", () => {
  it("keeps the address and the keys of the release's own source", () => {
    const security = parseOneLine("deb http://archive.example/security bookworm-security main");
    expect(turnedTo([...security, ...parseDeb822(stanza)], "bookworm", "trixie")).toEqual({
      types: ["deb"],
      uris: ["http://archive.example/debian"],
      suites: ["trixie"],
      components: ["main"],
      options: new Map([["signed-by", "/usr/share/keyrings/example.gpg"]]),
    });
  });

  it("gives nothing where the release's own source is missing", () => {
    expect(turnedTo(parseDeb822(stanza), "noble", "trixie")).toBeUndefined();
  });
});

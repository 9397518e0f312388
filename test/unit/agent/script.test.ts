import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import agentText from "../../../device/agent.sh";
import { agentCommand } from "../../../host/agent/script.js";
import {
  agentStatus,
  archivePaths,
  moduleFolders,
  moduleName,
  protocolVersion,
  refusals,
  verbs,
} from "../../../shared/protocol.js";
import { findShell, shellNames } from "../../support/device-shells.js";
import { skipBecause } from "../../support/skip.js";

describe("the agent's text agrees with the host on", () => {
  it("the protocol's version", () => {
    expect(agentText).toContain(`\nprotocol=${protocolVersion}\n`);
  });

  it("the module folders", () => {
    const folders = /^module_folders='([^']*)'$/m.exec(agentText)?.[1];
    expect(folders?.split(/\s+/)).toEqual([...moduleFolders]);
  });

  it("the archive's paths", () => {
    const globs = /for found in (.*); do/.exec(agentText)?.[1];
    expect(globs?.replaceAll("x[z]", "xz").split(" ")).toEqual([...archivePaths]);
  });

  it("the module's name", () => {
    expect(agentText).toContain(`modprobe ${moduleName} `);
    expect(agentText).toContain(`rmmod ${moduleName} `);
    expect(agentText).toContain(`/${moduleName}.ko"`);
    expect(agentText).toContain(`/sys/module/${moduleName}/taint`);
  });

  it("the verbs", () => {
    const dispatch = /case \$verb in\n([\s\S]*?)\n\s*esac/.exec(agentText)?.[1] ?? "";
    const known = Array.from(dispatch.matchAll(/^\s*(\w+)\)/gm), ([, verb]) => verb);
    const { facts, headers, root, send, unload, modules, take } = verbs;
    const said = [facts, headers, root("command"), send(false), unload, modules, take(3)];
    expect(known).toEqual(said.map((command) => command.split(" ")[0]));
    expect(verbs.root("user")).toBe("root user");
    expect(agentText).toMatch(/^\s*user\) su 0 /m);
    expect(verbs.take(3)).toBe("take 3");
    expect(verbs.take(3, true)).toBe("take 3 sizes");
    expect(verbs.send(true)).toBe("send 1");
    expect(agentText).toContain('[ "$1" = 1 ]');
  });

  it("its refusals", () => {
    const said = agentText.matchAll(/\b(?:refuse |tell_refusal |error=)([a-z]+(?:-[a-z]+)*)/g);
    expect(new Set(Array.from(said, ([, reason]) => reason))).toEqual(new Set(refusals));
  });

  it("its exit statuses", () => {
    const ends = Array.from(agentText.matchAll(/\bfinish (\d)\b(?! *\d)/g), ([, status]) => Number(status));
    expect(new Set(ends.filter((status) => status !== 0))).toEqual(new Set(Object.values(agentStatus)));
  });
});

describe("the agent's text", () => {
  it("has no here-document: mksh makes a temporary file of each", () => {
    expect(agentText).not.toContain("<<");
  });
});

describe("the command that runs the agent", () => {
  const command = agentCommand({ nonce: "c0ffee", stallSeconds: 3 });

  it("fits into a request with room to spare", () => {
    expect(Buffer.byteLength(`shell,v2,raw:${command}`)).toBeLessThan(60 * 1024);
  });

  it("has no comments and no indentation to carry", () => {
    expect(command).not.toMatch(/^ /m);
    expect(command).not.toMatch(/^#/m);
  });

  for (const name of shellNames) {
    const shell = findShell(name);
    if (typeof shell === "string") {
      skipBecause(shell, `the command under ${name}`);
      continue;
    }
    it(`survives the quoting of ${name}`, () => {
      const [program, ...rest] = shell.argv;
      const show =
        'echo "$KH_NONCE $KH_STALL $KH_ROLE"; exec /usr/bin/env KH_AGENT="$KH_AGENT" /bin/cat /proc/self/environ';
      const echoing = command.replace(/eval "\$KH_AGENT"$/, show);
      const [parameters = "", ...environment] = execFileSync(program, [...rest, "-c", echoing], {
        encoding: "utf8",
        env: {},
      }).split(/\n([\s\S]*)/);
      expect(parameters).toBe("c0ffee 3 shell");
      const agent = environment
        .join("")
        .split("\0")
        .find((variable) => variable.startsWith("KH_AGENT="));
      expect(codeOf(agent?.slice("KH_AGENT=".length) ?? "")).toEqual(codeOf(agentText));
    });
  }
});

/** A script's lines without comments, indentation and blank lines. */
function codeOf(script: string): string[] {
  return script
    .split("\n")
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

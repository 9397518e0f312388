import { afterAll, beforeAll, expect, it } from "vitest";
import { Workstation } from "../support/workstation.js";

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

it("a kernel without headers whose release names its public build: where to get them, in all places", async () => {
  const { serial } = await host.simulate({
    release: "6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k",
    config: "CONFIG_IKCONFIG=y\n",
    archive: undefined,
  });
  const page = "https://ci.android.com/builds/submitted/15739706/kernel_x86_64/latest";
  const files = ["kernel-headers.tar.gz", "boot-img.tar.gz"];
  const command = `kheaders import ${files.join(" ")} -s ${serial}`;
  const hint = `get ${files.join(" and ")} from ${page} and run: ${command}`;
  const pulled = await host.kheaders(["-s", serial, "pull"]);
  expect(pulled.status).toBe(4);
  expect(pulled.stderr).toContain(hint);
  expect((await host.kheaders(["-s", serial, "doctor"])).stdout).toContain(hint);
  const { stdout, stderr } = await host.kheaders(["devices", "--json"]);
  const report = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .find((each) => each.serial === serial);
  expect(report.importable).toEqual({ page, files, command });
  expect(stderr).toBe("");
  expect((await host.kheaders(["devices"])).stderr).toBe(`kheaders: ${serial}: Without root, ${hint}\n`);
});

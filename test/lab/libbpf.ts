import { join } from "node:path";
import { withMachineApt } from "./apt.js";
import { type Architecture, architectureFacts } from "./architecture.js";
import { cached } from "./cached.js";
import { progress, run } from "./command.js";
import { unpackPackages } from "./packages.js";

/** What a program for a device is linked with, with all that this needs. */
const packages = ["libbpf-dev", "libelf-dev", "zlib1g-dev"];

/** Compiles a program that uses libbpf for a device, which needs no libraries there. */
export async function buildWithLibbpf(
  architecture: Architecture,
  source: string,
  output: string,
): Promise<void> {
  const { libraries, toolPrefix } = architectureFacts[architecture];
  const root = await cached(`libbpf-${architecture}-1`, async (folder) => {
    progress(`fetching libbpf for ${architecture}`);
    await withMachineApt(architecture, (apt) => unpackPackages(apt, packages, folder));
  });
  const usr = join(root, "usr");
  await run(`${toolPrefix}gcc`, [
    ...["-O2", "-Wall", "-Wextra", "-Werror", "-static", `-I${join(usr, "include")}`],
    ...["-o", output, source, `-L${join(usr, "lib", libraries)}`, "-lbpf", "-lelf", "-lz"],
  ]);
}

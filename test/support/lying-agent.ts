import type { SimulatedOptions } from "../lab/index.js";
import { smallArchive } from "./small-archive.js";

const release = "6.6.1-lies";

/** The words of a device's agent, as parts of a shell script; what is not given is as it should be. */
export interface Lies {
  /** Runs when the agent is started. */
  readonly hello?: string;
  /**
   * Runs at the command `send`, with the functions `header`, `bytes`, `changed` and `trailer` at hand. The header says that `$config`
   * bytes of a configuration come before the archive.
   */
  readonly send?: string;
}

/**
 * The shell of a device whose agent says what the test wants. In its script `$nonce` is the conversation's, `$size` is of
 * the archive at /lab/archive.
 */
export function lyingDevice({ hello = "hello", send = "send" }: Lies): SimulatedOptions {
  const script = `#!/lab-bin/busybox sh
nonce=\${2#*KH_NONCE=\\'}
nonce=\${nonce%%\\'*}
size=$(stat -c %s /lab/archive)
say() { printf '%s\\n' "$@"; }
kernel() {
  say fingerprint=lab/liar release=${release} 'version=#1 SMP Mon May 6 12:00:00 UTC 2024' machine=x86_64 uid=0
}
hello() { say "kheaders 1 $nonce"; kernel; say .; }
config=none
header() {
  say "config=$config" notes=none source=module path=/sys/kernel/kheaders.tar.xz "size=$size" .
}
bytes() { cat /lab/archive; }
# The archive's byte 201, plus one.
changed() { head -c 201 /lab/archive | tail -c 1 | tr '\\000-\\377' '\\001-\\377\\000'; }
trailer() { say unloaded=yes taint= .; }
send() { header; bytes; trailer; }
${hello}
while read -r verb argument; do
  case $verb in
  send) ${send}; exit ;;
  esac
done
`;
  return { archive: smallArchive(release), release, programs: { "/system/bin/mksh": script } };
}

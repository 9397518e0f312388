/**
 * Replaces `debug` in the bundle: adbkit says by it what it does, if the environment has `DEBUG`. kheaders says that itself, with
 * `--verbose`, and need not read another package for it at each start.
 */
export default function noDebug(): (message: string) => void {
  return () => undefined;
}

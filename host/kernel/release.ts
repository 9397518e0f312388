/** Whether a kernel is older than a version, by its release. One that does not begin with a version counts as new. */
export function isBefore(release: string, major: number, minor: number): boolean {
  const [, itsMajor, itsMinor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  const difference = Number(itsMajor) - major || Number(itsMinor) - minor;
  return difference < 0;
}

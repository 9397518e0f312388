/** Milliseconds of a clock that never goes back. Unlike `performance`, it needs no modules of Node that a start does not load. */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/**
 * Replaces `bluebird` in the bundle: loading that takes a tenth of a cache hit, and adbkit's connection and parser use no
 * more of it than this. adbkit enables cancellation but cancels nothing.
 */
export default class NativePromise<T> extends Promise<T> {
  constructor(
    executor: (
      resolve: (value: T | PromiseLike<T>) => void,
      reject: (reason: unknown) => void,
      onCancel: (callback: () => void) => void,
    ) => void,
  ) {
    super((resolve, reject) => executor(resolve, reject, () => undefined));
  }

  static config(): void {}
}

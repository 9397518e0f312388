/**
 * Stands in the bundle for `bluebird`, of which adbkit's connection and parser use no more than this, and which takes a
 * tenth of a cache hit to load. adbkit turns cancellation on and cancels nothing.
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

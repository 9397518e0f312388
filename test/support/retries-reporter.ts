import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Prints at the end which tests passed only at a second try, and why the first failed: they are worth a look. */
export class RetriesReporter implements Reporter {
  readonly #print: (text: string) => void;

  constructor(print: (text: string) => void = (text) => process.stdout.write(text)) {
    this.#print = print;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const retried = modules.flatMap((module) => [...module.children.allTests()].filter(wasRetried));
    if (retried.length === 0) return;
    const lines = retried.map((test) => {
      const [first] = test.result().errors ?? [];
      const reason = first?.message.split("\n").at(0) ?? "no reason is known";
      return `  ${test.module.relativeModuleId} > ${test.fullName}\n    ${reason}\n`;
    });
    this.#print(`\nTried again:\n${lines.join("")}`);
  }
}

function wasRetried(test: TestCase): boolean {
  return (test.diagnostic()?.retryCount ?? 0) > 0;
}

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A page in headless Chromium, driven by the Chrome DevTools Protocol through a pipe. */
export class Browser {
  /** Errors of scripts and of the browser itself, and what scripts print. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #profile: string;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #loads: (() => void)[] = [];
  #session: string | undefined;
  #id = 0;

  private constructor(program: string) {
    this.#profile = mkdtempSync(join(tmpdir(), "kheaders-browser-"));
    const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"];
    const own = ["--remote-debugging-pipe", `--user-data-dir=${this.#profile}`, "about:blank"];
    this.#child = spawn(program, [...options, ...own], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const [, , , input, output] = this.#child.stdio;
    if (!(input instanceof Writable) || !(output instanceof Readable)) throw new Error("no pipe to Chromium");
    this.#input = input;
    let text = "";
    output.setEncoding("utf8").on("data", (chunk: string) => {
      const messages = (text + chunk).split("\0");
      text = messages.pop() ?? "";
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  static async start(program: string): Promise<Browser> {
    const browser = new Browser(program);
    const { targetId } = await browser.#send<{ targetId: string }>("Target.createTarget", {
      url: "about:blank",
    });
    const attached = await browser.#send<{ sessionId: string }>("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    browser.#session = attached.sessionId;
    for (const domain of ["Page", "Runtime", "Log"]) await browser.#send(`${domain}.enable`);
    return browser;
  }

  /** Opens an address and waits until it is loaded. */
  async open(url: string): Promise<void> {
    const loaded = new Promise<void>((done) => this.#loads.push(done));
    await this.#send("Page.navigate", { url });
    await loaded;
  }

  /** The value of an expression in the page, also one that is promised. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.#send<{ result: { value: T }; exceptionDetails?: { text: string } }>(
      "Runtime.evaluate",
      { expression, awaitPromise: true, returnByValue: true },
    );
    if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    while (!(await this.evaluate<boolean>(expression))) await new Promise((done) => setTimeout(done, 20));
  }

  async press(key: string, text?: string): Promise<void> {
    await this.#send("Input.dispatchKeyEvent", { type: "keyDown", key, text, code: key });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key });
  }

  async type(text: string): Promise<void> {
    await this.#send("Input.insertText", { text });
  }

  async useColours(scheme: "light" | "dark"): Promise<void> {
    await this.#send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  async allowScripts(isAllowed: boolean): Promise<void> {
    await this.#send("Emulation.setScriptExecutionDisabled", { value: !isAllowed });
  }

  /** Prints the page and gives the bytes of the PDF. */
  async print(): Promise<Buffer> {
    const { data } = await this.#send<{ data: string }>("Page.printToPDF");
    return Buffer.from(data, "base64");
  }

  async close(): Promise<void> {
    const ended = new Promise((done) => this.#child.once("exit", done));
    this.#child.kill();
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #send<T>(method: string, params: object = {}): Promise<T> {
    this.#id += 1;
    const id = this.#id;
    const answered = new Promise<Message>((done) => this.#answers.set(id, done));
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId: this.#session })}\0`);
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  #take({ id, method, params, ...rest }: Message): void {
    if (id !== undefined) {
      this.#answers.get(id)?.(rest);
      this.#answers.delete(id);
    } else if (method === "Page.loadEventFired") {
      for (const done of this.#loads.splice(0)) done();
    } else if (
      method === "Runtime.exceptionThrown" ||
      method === "Runtime.consoleAPICalled" ||
      method === "Log.entryAdded"
    ) {
      this.complaints.push(JSON.stringify(params));
    }
  }
}

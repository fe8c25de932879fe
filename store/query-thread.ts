import { Worker } from "node:worker_threads";
import { AzemichiError } from "../core/domain/errors.ts";

/** What the thread answers to `{ …question, id }`. */
export type ThreadAnswer = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string };

const WAITING_MAX = 256; // questions on their way to the thread; beyond, the caller is told to come back
const ANSWER_TIMEOUT_MS = 30_000;

/** Questions to a store, answered by a thread of its own: a long one never delays what else the process serves. */
export class QueryThread<Question extends object> {
  readonly #script: URL;
  readonly #data: unknown;
  readonly #what: string;
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  /** `what` is read there, for sentences about trouble. The thread starts with the first question, and again after it died. */
  constructor(options: { readonly script: URL; readonly data: unknown; readonly what: string }) {
    this.#script = options.script;
    this.#data = options.data;
    this.#what = options.what;
  }

  /** Throws `STORE_UNAVAILABLE`. */
  ask(question: Question): Promise<unknown> {
    if (this.#closed) return Promise.reject(new AzemichiError("STORE_UNAVAILABLE", "the reader was closed"));
    if (this.#waiting.size >= WAITING_MAX) return Promise.reject(new AzemichiError("STORE_UNAVAILABLE", "too many queries at once; ask again"));
    const worker = this.#thread();
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new AzemichiError("STORE_UNAVAILABLE", `the ${this.#what} did not answer within ${ANSWER_TIMEOUT_MS} ms`));
      }, ANSWER_TIMEOUT_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      worker.postMessage({ ...question, id });
    });
  }

  /** Idempotent. Questions still waiting are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failAll("the reader was closed");
    await worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#script, { workerData: this.#data });
    worker.on("message", (message: ThreadAnswer) => this.#settle(message));
    worker.on("error", (error) => this.#ended(worker, (error as Error).message));
    worker.on("exit", () => this.#ended(worker, "its thread ended"));
    this.#worker = worker;
    return worker;
  }

  #ended(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failAll(why);
  }

  #settle(message: ThreadAnswer): void {
    const asked = this.#waiting.get(message.id);
    if (!asked) return; // timed out meanwhile
    this.#waiting.delete(message.id);
    clearTimeout(asked.timer);
    if ("error" in message) asked.reject(new AzemichiError("STORE_UNAVAILABLE", `${this.#what}: ${message.error}`));
    else asked.resolve(message.answer);
  }

  #failAll(why: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new AzemichiError("STORE_UNAVAILABLE", `${this.#what}: ${why}`));
    }
    this.#waiting.clear();
  }
}

import { Worker } from "node:worker_threads";
import { AzemichiError } from "../../core/domain/errors.ts";
import type { CodecVersion, GateReport } from "./gate.ts";
import type { ScriptFrame } from "./sandbox-protocol.ts";
import type { CodecTrial } from "./try-codec.ts";

export type BenchQuestion =
  | { readonly kind: "gate"; readonly codec: CodecVersion }
  | { readonly kind: "try"; readonly codec: CodecVersion; readonly frame: ScriptFrame };
export type BenchAnswer = { readonly kind: "gate"; readonly report: GateReport } | { readonly kind: "try"; readonly trial: CodecTrial };

const WAITING_MAX = 4; // one at a time; beyond so many, the caller is told to come back
const ANSWER_MS = 20_000; // its threads start, and a gate runs for 4 s
const IDLE_MS = 60_000;
const SCRIPT = new URL("./bench-worker.ts", import.meta.url);

/** Where codecs are tried before they may decode: gates and single frames, one after the other, in a thread that goes when nobody needs it. */
export class CodecBench {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #lastId = 0;
  #closed = false;

  /** `null`: too many wait already. Throws `STORE_UNAVAILABLE` where the thread gives no answer. */
  async gate(codec: CodecVersion): Promise<GateReport | null> {
    const answer = await this.#ask({ kind: "gate", codec });
    return answer?.kind === "gate" ? answer.report : null;
  }

  /** As `gate`. */
  async try(codec: CodecVersion, frame: ScriptFrame): Promise<CodecTrial | null> {
    const answer = await this.#ask({ kind: "try", codec, frame });
    return answer?.kind === "try" ? answer.trial : null;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  async #ask(question: BenchQuestion): Promise<BenchAnswer | null> {
    if (this.#waiting > WAITING_MAX) return null; // one at work, the others wait
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#answerTo(question));
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #answerTo(question: BenchQuestion): Promise<BenchAnswer> {
    if (this.#closed) throw new AzemichiError("STORE_UNAVAILABLE", "codecs cannot be tried: the service is ending");
    clearTimeout(this.#idle);
    const worker = this.#started();
    this.#lastId += 1;
    const id = this.#lastId;
    try {
      return await new Promise<BenchAnswer>((resolve, reject) => {
        const fail = (why: string): void => reject(new AzemichiError("STORE_UNAVAILABLE", `codecs cannot be tried: ${why}`));
        const timer = setTimeout(() => fail(`no answer within ${ANSWER_MS} ms`), ANSWER_MS);
        worker.removeAllListeners();
        worker.on("message", (message: { id: number; answer: BenchAnswer }) => {
          clearTimeout(timer);
          if (message.id === id) resolve(message.answer);
        });
        const gone = (why: string): void => {
          clearTimeout(timer);
          fail(why);
        };
        worker.on("error", (error) => gone((error as Error).message));
        worker.on("exit", () => gone("its thread ended"));
        worker.postMessage({ id, question });
      });
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.#end(), IDLE_MS);
      this.#idle.unref();
    }
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(SCRIPT);
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

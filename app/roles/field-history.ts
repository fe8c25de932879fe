import { Worker } from "node:worker_threads";
import { topics } from "../../core/domain/topics.ts";
import type { MetricSample } from "../../core/runtime/metrics.ts";
import type { Bus } from "../bus.ts";
import type { RoleContext } from "../role.ts";
import type { FromHistoryWorker, HistoryWorkerData, ToHistoryWorker } from "./field-history-worker.ts";

/** What the relay tells of bases and rovers. */
const HEARD = [topics.baseHealth("+"), topics.baseMinutes("+"), topics.baseEvents("+"), topics.rover("+"), topics.roverEvents("+")];
const ON_THE_WAY_MAX = 20_000;
const OPEN_MS = 10_000;
const END_MS = 1500;
const AGAIN_MS = 10_000;

/**
 * The thread that keeps the history of corrections, as the role sees it. History is never a reason to refuse an uplink: without its
 * thread the role goes on, says so, and starts it again.
 */
export class HistoryThread {
  readonly #context: RoleContext;
  #worker: Worker | undefined;
  #onTheWay = 0;
  #again: NodeJS.Timeout | undefined;
  #closing = false;
  samples: readonly MetricSample[] = [];

  private constructor(context: RoleContext) {
    this.#context = context;
  }

  static async open(context: RoleContext): Promise<HistoryThread> {
    const thread = new HistoryThread(context);
    await thread.#start();
    return thread;
  }

  listen(bus: Pick<Bus, "subscribe">): void {
    for (const filter of HEARD) bus.subscribe(filter, (topic, payload) => this.#hear(topic, payload));
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#again);
    const worker = this.#worker;
    if (!worker) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, END_MS);
      worker.on("message", ({ kind }: FromHistoryWorker) => {
        if (kind !== "ended") return;
        clearTimeout(late);
        resolve();
      });
      worker.postMessage({ kind: "end" } satisfies ToHistoryWorker);
    });
    await worker.terminate();
  }

  #hear(topic: string, payload: Uint8Array): void {
    if (this.#closing || !this.#worker || this.#onTheWay >= ON_THE_WAY_MAX) {
      this.#context.metrics.count("azemichi_history_lost_total");
      return;
    }
    this.#onTheWay += 1;
    this.#worker.postMessage({ kind: "heard", topic, payload: Uint8Array.from(payload) } satisfies ToHistoryWorker);
  }

  /** Resolves when it is open, or has failed: that is told, and tried again. */
  #start(): Promise<void> {
    const { dataFolder, config, log } = this.#context;
    const workerData: HistoryWorkerData = { dataFolder, logLevel: config.logLevel };
    const worker = new Worker(new URL("./field-history-worker.ts", import.meta.url), { workerData, name: "history" });
    return new Promise((resolve) => {
      const late = setTimeout(resolve, OPEN_MS);
      worker.on("message", (message: FromHistoryWorker) => {
        if (message.kind === "open") {
          clearTimeout(late);
          this.#worker = worker;
          this.#onTheWay = 0;
          resolve();
        } else if (message.kind === "done") {
          this.#onTheWay = Math.max(0, this.#onTheWay - message.messages);
          this.samples = message.samples;
        }
      });
      worker.on("error", (error) => log.error("history of corrections is not kept; trying again", { error: error as Error }));
      worker.on("exit", () => {
        clearTimeout(late);
        this.#worker = undefined;
        if (!this.#closing) this.#again = setTimeout(() => void this.#start(), AGAIN_MS);
        resolve();
      });
    });
  }
}

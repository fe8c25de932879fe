import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { createLog, type Log, type LogLevel } from "../../core/runtime/log.ts";
import { type MetricSample, Metrics } from "../../core/runtime/metrics.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { CorrectionHistory } from "../../store/correction-history.ts";
import { correctionsMigrations } from "../../store/corrections-schema.ts";
import { CorrectionsUpkeep } from "../../store/corrections-upkeep.ts";
import { PlotWatch } from "../../store/plot-watch.ts";

export interface HistoryWorkerData {
  readonly dataFolder: string;
  readonly logLevel: LogLevel;
}
export type ToHistoryWorker = { readonly kind: "heard"; readonly topic: string; readonly payload: Uint8Array } | { readonly kind: "end" };
export type FromHistoryWorker =
  | { readonly kind: "open" }
  | { readonly kind: "done"; readonly messages: number; readonly samples: readonly MetricSample[] }
  | { readonly kind: "ended" };

const FLUSH_MS = 3000;
const UPKEEP_FIRST_MS = 90_000;
const UPKEEP_MS = 3_600_000;

/** The thread that keeps what the relay told, and the only writer of corrections.db: neither ingest nor acknowledgements ever wait for it. */
class HistoryWorker {
  readonly #say: (message: FromHistoryWorker) => void;
  readonly #log: Log;
  readonly #metrics = new Metrics();
  readonly #db: ReturnType<typeof openForWriting>;
  readonly #plots: PlotWatch;
  readonly #history: CorrectionHistory;
  readonly #upkeep: CorrectionsUpkeep;
  readonly #ending = new AbortController();
  #heard = 0;

  constructor({ dataFolder, logLevel }: HistoryWorkerData, say: (message: FromHistoryWorker) => void) {
    this.#say = say;
    this.#log = createLog({ level: logLevel, base: { role: "field", thread: "history" } });
    this.#db = openForWriting(join(dataFolder, "corrections.db"), correctionsMigrations);
    this.#plots = new PlotWatch(join(dataFolder, "catalog.db"));
    this.#history = new CorrectionHistory({ db: this.#db, plotAt: (place) => this.#plots.at(place), nowMs: Date.now, metrics: this.#metrics });
    this.#upkeep = new CorrectionsUpkeep(this.#db);
  }

  hear(message: ToHistoryWorker): void {
    if (message.kind === "end") return void this.#end();
    this.#heard += 1;
    this.#history.hear(message.topic, message.payload);
  }

  async run(): Promise<void> {
    this.#attempt("plots cannot be read", () => this.#plots.look());
    void this.#keepUp();
    while (await this.#waited(FLUSH_MS)) {
      this.#attempt("plots cannot be read", () => this.#plots.look());
      this.#flush();
    }
  }

  #flush(): void {
    this.#attempt("history of corrections cannot be written", () => this.#history.flush());
    this.#say({ kind: "done", messages: this.#heard, samples: this.#metrics.samples() });
    this.#heard = 0;
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    this.#flush();
    this.#plots.close();
    this.#db.close();
    this.#say({ kind: "ended" });
  }

  async #keepUp(): Promise<void> {
    for (let wait = UPKEEP_FIRST_MS; await this.#waited(wait); wait = UPKEEP_MS) {
      let step: "more" | "full" | "done" | "failed" = "more";
      let full = false;
      while (step === "more" || step === "full") {
        step = this.#attempt("old history cannot be removed", () => this.#upkeep.forgetStep(Date.now())) ?? "failed";
        full ||= step === "full";
        if (!(await this.#waited(5))) return;
      }
      if (!full) continue;
      this.#metrics.count("azemichi_history_cut_total");
      this.#log.warn("history of corrections is over its size: the oldest tracks were removed before their time");
    }
  }

  #attempt<T>(trouble: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#metrics.count("azemichi_history_errors_total");
      this.#log.error(trouble, { error });
      return undefined;
    }
  }

  async #waited(ms: number): Promise<boolean> {
    try {
      await sleep(ms, undefined, { signal: this.#ending.signal });
      return true;
    } catch {
      return false; // ending
    }
  }
}

const port = parentPort;
if (port) {
  const worker = new HistoryWorker(workerData as HistoryWorkerData, (message) => port.postMessage(message));
  port.on("message", (message: ToHistoryWorker) => worker.hear(message));
  port.postMessage({ kind: "open" } satisfies FromHistoryWorker);
  void worker.run();
  flushCompileCache();
}

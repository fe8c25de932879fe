import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Broker, createBroker } from "../../broker/broker.ts";
import { AzemichiError } from "../../core/domain/errors.ts";
import { topics } from "../../core/domain/topics.ts";
import type { MetricSample } from "../../core/runtime/metrics.ts";
import { Journal } from "../../ingest/journal.ts";
import { processedUpTo } from "../../store/ingest-store.ts";
import { connectBus } from "../bus.ts";
import type { RoleContext, RunRole } from "../role.ts";
import { HistoryThread } from "./field-history.ts";
import { type FieldWorkerData, type FromFieldWorker, fieldCatalogOf, type ToFieldWorker } from "./field-protocol.ts";
import { openSources } from "./field-sources.ts";

const METRICS_MS = 5000;
const READY_LOOK_MS = 500;
const END_MS = 1500;

/**
 * Broker and ingest. Four threads: this one holds the sockets, one syncs the journal, one makes readings of it, one keeps what the
 * relay tells. What is acknowledged depends on the first two alone.
 */
export const run: RunRole = async (context) => {
  const { config, ports, dataFolder, catalog, key, busSecret, log, metrics, nowMs, resources } = context;
  const numberAfter = processedUpTo(join(dataFolder, "readings.db"));
  const opened = Journal.open({ folder: dataFolder, numberAfter, log, metrics, onDeath: die });
  const [journal, worker, history] = await Promise.all([opened, FieldThread.open(context), HistoryThread.open(context)]);
  resources.use("journal", journal, (j) => j.close());
  resources.use("ingest", worker, (w) => w.close());
  resources.use("history", history, (h) => h.close());
  const listen = { bind: config.mqtt.bind, port: ports.mqtt, tlsPort: ports.mqtts, wsPort: ports.mqttWs, tls: config.tls };
  const onGatewayMessage = (topic: string, payload: Uint8Array, receivedAtMs: number): void =>
    worker.say({ kind: "gateway", topic, payload: Uint8Array.from(payload), receivedAtMs });
  const broker = resources.use("broker", await createBroker({ listen, catalog, key, busSecret, journal, onGatewayMessage, log, metrics, nowMs }), (b) =>
    b.close(),
  );
  await openSources(context, { journal, onGatewayMessage, publish: (topic, message) => broker.publish(topic, message, { retain: true }) });
  worker.onPrune = (what) => void prune(journal, what, context);
  worker.attach(broker);
  history.listen(resources.use("bus", connectBus(context), (b) => b.close()));
  resources.use(
    "journal news",
    journal.onCommit(() => worker.say({ kind: "journaled" })),
    (end) => end(),
  );
  resources.use(
    "catalog news",
    catalog.onChange((next) => worker.say({ kind: "catalog", catalog: fieldCatalogOf(next) })),
    (end) => end(),
  );
  worker.say({ kind: "catalog", catalog: fieldCatalogOf(catalog.current()) });
  worker.say({ kind: "journaled" }); // go on from the cursor
  reportMetrics(context, { broker, journal, worker, history });
};

/** Without its threads the role can acknowledge nothing: it ends, and its supervisor starts it again. */
function die(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

/** Counters of all threads each 5 s, and at once when uplinks are no longer, or again, accepted. */
function reportMetrics({ metrics, resources }: RoleContext, parts: { broker: Broker; journal: Journal; worker: FieldThread; history: HistoryThread }): void {
  const { broker, journal, worker, history } = parts;
  let ready = journal.ready;
  const report = (): void => broker.publish(topics.metrics("field"), [...metrics.samples(), ...worker.samples, ...history.samples], { retain: true });
  report();
  resources.use("metrics", setInterval(report, METRICS_MS), clearInterval);
  const look = (): void => {
    if (journal.ready === ready) return;
    ready = journal.ready;
    report();
  };
  resources.use("readiness", setInterval(look, READY_LOOK_MS), clearInterval);
}

async function prune(journal: Journal, what: { receivedBeforeMs: number; upToSeq: number }, { log, metrics }: RoleContext): Promise<void> {
  const removed = await journal.prune(what);
  metrics.count("azemichi_journal_pruned_total", {}, removed);
  if (removed > 0) log.info("journal pruned", { removed });
}

/** The ingest thread as the role sees it. */
class FieldThread {
  readonly #worker: Worker;
  #broker: Broker | undefined;
  #ended: (() => void) | undefined;
  #closing = false;
  samples: readonly MetricSample[] = [];
  onPrune: (what: { receivedBeforeMs: number; upToSeq: number }) => void = () => {};

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (message: FromFieldWorker) => this.#hear(message));
    worker.on("error", (error) => die(error as Error));
    worker.on("exit", (code) => {
      if (!this.#closing) die(new AzemichiError("STORE_UNAVAILABLE", `ingest thread ended with code ${code}`));
    });
  }

  static async open({ dataFolder, catalog, config }: RoleContext): Promise<FieldThread> {
    const { journalDays, influx, logLevel } = config;
    const workerData: FieldWorkerData = { dataFolder, catalog: fieldCatalogOf(catalog.current()), journalDays, influx, logLevel };
    const worker = new Worker(new URL("./field-worker.ts", import.meta.url), { workerData, name: "ingest" });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", (cause: Error) => {
        const code = "code" in cause && cause.code === "SCHEMA_NEWER" ? "SCHEMA_NEWER" : "STORE_UNAVAILABLE";
        reject(new AzemichiError(code, cause.message, { cause }));
      });
    });
    worker.removeAllListeners("error");
    return new FieldThread(worker);
  }

  /** From now on what the thread tells is published. */
  attach(broker: Broker): void {
    this.#broker = broker;
  }

  say(message: ToFieldWorker): void {
    if (!this.#closing) this.#worker.postMessage(message);
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
      setTimeout(resolve, END_MS).unref();
    });
    this.say({ kind: "end" });
    this.#closing = true;
    await ended;
    await this.#worker.terminate();
  }

  #hear(message: FromFieldWorker): void {
    switch (message.kind) {
      case "publish":
        this.#broker?.publish(message.topic, message.message, { retain: true });
        return;
      case "metrics":
        this.samples = message.samples;
        return;
      case "prune":
        this.onPrune(message);
        return;
      case "ended":
        this.#ended?.();
        return;
      case "open":
        return;
    }
  }
}

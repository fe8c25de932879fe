import { flushCompileCache } from "node:module";
import { setPriority } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { AzemichiError } from "../../core/domain/errors.ts";
import type { GatewayCondition } from "../../core/domain/live.ts";
import { readingToJson } from "../../core/domain/reading.ts";
import { siteZone } from "../../core/domain/site-zone.ts";
import { topics } from "../../core/domain/topics.ts";
import { createLog, type Log } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { whatBecameKnown } from "../../ingest/became-known.ts";
import { VendorCodecs } from "../../ingest/codecs/vendor-codecs.ts";
import { indexDevices } from "../../ingest/device-index.ts";
import { GatewayStates } from "../../ingest/gateway-states.ts";
import { type JournalReader, openJournal } from "../../ingest/journal-reader.ts";
import { Pipeline, type PipelineParts } from "../../ingest/pipeline.ts";
import { Redecoder } from "../../ingest/redecode.ts";
import { DeviceStates } from "../../ingest/states/device-states.ts";
import { DeviceStateStore } from "../../store/device-state-store.ts";
import { InfluxDrain } from "../../store/influx-drain.ts";
import { IngestStore } from "../../store/ingest-store.ts";
import { IngestUpkeep } from "../../store/ingest-upkeep.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";
import { RedecodeJobs } from "../../store/redecode-jobs.ts";
import { Rollups } from "../../store/rollups.ts";
import { SqliteQueries } from "../../store/sqlite-queries.ts";
import { influxTarget } from "./field-influx.ts";
import type { FieldCatalog, FieldWorkerData, FromFieldWorker, ToFieldWorker } from "./field-protocol.ts";

/** The thread that turns journaled uplinks into readings, and the only writer of readings.db: neither a flood nor InfluxDB ever holds up an acknowledgement. */
const METRICS_MS = 1000;
const GATEWAYS_MS = 2000;
const STATES_MS = 2000;
const UPKEEP_FIRST_MS = 60_000;
const UPKEEP_MS = 86_400_000;
const DAY_MS = 86_400_000;
const DOWN: ReadonlySet<GatewayCondition> = new Set(["offline", "silent"]);
/** A service that was off for longer than this forgets a little later. */
const SHUT_DOWN_MAX_MS = 30 * DAY_MS;
/** The newest page of each series of a town: an eighth less time per uplink of 2,000 devices. */
const CACHE_KIB = 32_768;
/** On Linux a thread's own: what is acknowledged goes before what is made of it, which has the disk to wait on. */
const THREAD_NICENESS = 10;
const ROLLUP_HOURS = { waiting: 8, done: 200 } as const; // at a time
/** A copy comes at most seven days late; then the key of its frame may be forgotten. */
const KEYS_MS = 8 * DAY_MS;

interface Parts {
  readonly data: FieldWorkerData;
  readonly db: DatabaseSync;
  readonly scripts: VendorCodecs;
  readonly say: (message: FromFieldWorker) => void;
  readonly log: Log;
  readonly metrics: Metrics;
}

class FieldWorker {
  readonly #parts: Parts;
  readonly #pipeline: Pipeline;
  readonly #drain: InfluxDrain | null;
  readonly #gateways: GatewayStates;
  readonly #states: DeviceStates;
  readonly #upkeep: IngestUpkeep;
  readonly #store: IngestStore;
  readonly #redecoder: Redecoder;
  #rollups: Rollups;
  readonly #ending = new AbortController();
  readonly #unkept = new Set<"gateway" | "device">();
  #journal: JournalReader | undefined;
  #catalog: FieldCatalog;
  #devices: ReturnType<typeof indexDevices>;
  #running: Promise<unknown> | undefined;

  constructor(parts: Parts) {
    const { data, db, log, metrics } = parts;
    this.#parts = parts;
    this.#catalog = data.catalog;
    this.#devices = indexDevices(data.catalog);
    this.#upkeep = new IngestUpkeep(db);
    this.#gateways = new GatewayStates({ store: this.#upkeep, catalog: () => this.#catalog, metrics });
    this.#states = new DeviceStates({
      store: new DeviceStateStore(db),
      catalog: () => this.#catalog,
      gatewayIsDown: (id) => DOWN.has(this.#gateways.condition(id)?.state ?? "unknown"),
      nowMs: Date.now,
    });
    this.#drain =
      data.influx === null
        ? null
        : new InfluxDrain({ db, writer: influxTarget(data.influx, () => this.#catalog.site.id), nowMs: Date.now, log: log.child({ part: "influx" }), metrics });
    this.#rollups = new Rollups(db, siteZone(data.catalog.site.timeZone));
    this.#store = new IngestStore(db, { outbox: data.influx === null ? "off" : "fed" });
    const publish = (topic: string, message: unknown): void => this.#tell(topic, message);
    const onDevices: PipelineParts["onDevices"] = (heard, newest) => {
      for (const device of heard) this.#states.heard(device);
      this.#states.readings(newest);
    };
    const onCommit = (): void => this.#drain?.wake();
    const { scripts } = parts;
    this.#redecoder = new Redecoder({
      journal: { read: (seq) => this.#openJournal().read(seq) },
      store: this.#store,
      jobs: new RedecodeJobs(db),
      devices: () => ({ index: this.#devices, all: this.#catalog.devices }),
      scripts,
      publish,
      onDevices,
      onCommit,
      nowMs: Date.now,
      log,
      metrics,
    });
    this.#pipeline = new Pipeline({
      journal: { readAfter: (cursor, max) => this.#openJournal().readAfter(cursor, max), read: (seq) => this.#openJournal().read(seq) },
      store: this.#store,
      devices: () => this.#devices,
      scripts,
      inBetween: (uplinks) => this.#inBetween(uplinks),
      onHeard: (gatewayId, atMs) => this.#gateways.heard(gatewayId, atMs),
      publish,
      onDevices,
      onCommit,
      log,
      metrics,
    });
    this.#learn(undefined);
  }

  hear(message: ToFieldWorker): void {
    switch (message.kind) {
      case "journaled":
        this.#running ??= this.#run();
        this.#pipeline.wake();
        return;
      case "catalog":
        this.#learn(message.catalog);
        return;
      case "gateway":
        this.#gateways.message(message.topic, message.payload, message.receivedAtMs);
        return;
      case "end":
        void this.#end();
        return;
    }
  }

  /** Takes a catalog into use; what could not be understood before may be now. */
  #learn(next: FieldCatalog | undefined): void {
    const before = next === undefined ? undefined : this.#catalog;
    if (next !== undefined) {
      if (next.site.timeZone !== this.#catalog.site.timeZone) this.#rollups = new Rollups(this.#parts.db, siteZone(next.site.timeZone)); // other days
      this.#catalog = next;
      this.#devices = indexDevices(next);
    }
    this.#parts.scripts.load(this.#catalog.codecs);
    this.#redecoder.order(this.#catalog.redecodes);
    const { names, deviceIds } = whatBecameKnown(before, this.#catalog);
    this.#redecoder.reconsider(names, deviceIds);
    this.#pipeline.wake();
  }

  #inBetween(uplinks: "waiting" | "done"): boolean {
    const again = this.#redecoder.step();
    return this.#makeRollups(uplinks) || again;
  }

  /** The hour that goes on is left alone: readers ask its readings themselves. */
  #makeRollups(uplinks: "waiting" | "done"): boolean {
    const max = ROLLUP_HOURS[uplinks];
    try {
      return this.#rollups.step(max, Date.now()) === max;
    } catch (error) {
      this.#parts.metrics.count("azemichi_rollup_failures_total");
      this.#parts.log.error("hourly sums could not be made; they are made later", { error });
      return false;
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    this.#tellWhatIsKnown();
    const caughtUp = this.#store.catchUpOutbox();
    if (caughtUp > 0) this.#parts.log.info("readings of before are queued for influx", { readings: caughtUp });
    const every = (ms: number, work: () => void): Promise<void> => this.#every(ms, work);
    await Promise.all([
      this.#pipeline.run(signal),
      this.#drain?.run(signal),
      every(GATEWAYS_MS, () => this.#flushGateways()),
      every(STATES_MS, () => this.#flushStates()),
      every(METRICS_MS, () => this.#parts.say({ kind: "metrics", samples: this.#parts.metrics.samples() })),
      this.#keepUp(),
    ]);
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    this.#flushGateways();
    this.#journal?.close();
    this.#parts.scripts.close();
    this.#parts.db.close();
    this.#parts.say({ kind: "ended" });
  }

  /** The journal's own thread makes the file; the first word of it says that it is there. */
  #openJournal(): JournalReader {
    const { dataFolder } = this.#parts.data;
    this.#journal ??= openJournal(dataFolder);
    if (!this.#journal) throw new AzemichiError("STORE_UNAVAILABLE", `${dataFolder}: the journal cannot be read`);
    return this.#journal;
  }

  /** A broker that has just started keeps nothing: the newest of each device and gateway is told again. */
  #tellWhatIsKnown(): void {
    const byDevice = new Map<string, ReturnType<typeof readingToJson>[]>();
    for (const reading of new SqliteQueries(this.#parts.db, 0).latest({})) {
      const list = byDevice.get(reading.deviceId) ?? [];
      list.push(readingToJson(reading));
      byDevice.set(reading.deviceId, list);
    }
    for (const [deviceId, readings] of byDevice) this.#tell(topics.readings(deviceId), { deviceId, readings });
    for (const { topic, message } of this.#gateways.all()) this.#tell(topic, message);
  }

  #flushGateways(): void {
    this.#flush("gateway", () => this.#gateways.flush());
  }

  #flushStates(): void {
    this.#flush("device", () => this.#states.flush());
  }

  /** A disk that takes no writes is said once, not every two seconds. */
  #flush(what: "gateway" | "device", states: () => readonly { topic: string; message: unknown }[]): void {
    try {
      for (const { topic, message } of states()) this.#tell(topic, message);
      this.#unkept.delete(what);
    } catch (error) {
      if (!this.#unkept.has(what)) this.#parts.log.error("states could not be kept; they are kept when the disk takes them again", { what, error });
      this.#unkept.add(what);
    }
  }

  #tell(topic: string, message: unknown): void {
    this.#parts.say({ kind: "publish", topic, message });
  }

  async #every(ms: number, work: () => void): Promise<void> {
    while (await this.#waited(ms)) work();
  }

  /** Once a day, in small steps: what is older than the journal's days, processed and sent. */
  async #keepUp(): Promise<void> {
    // A clock that is far ahead must not take everything for old: time goes on from the newest receipt at most as fast as it really passes.
    const newestMs = this.#openJournal().lastReceivedMs();
    const sinceMs = performance.now();
    for (let wait = UPKEEP_FIRST_MS; await this.#waited(wait); wait = UPKEEP_MS) {
      try {
        const latestMs = newestMs === null ? Date.now() : newestMs + SHUT_DOWN_MAX_MS + (performance.now() - sinceMs);
        const receivedBeforeMs = Math.min(Date.now(), latestMs) - this.#parts.data.journalDays * DAY_MS;
        const upToSeq = this.#upkeep.doneUpTo();
        this.#parts.say({ kind: "prune", receivedBeforeMs, upToSeq });
        const keysBeforeMs = Math.max(receivedBeforeMs, Math.min(Date.now(), latestMs) - KEYS_MS);
        while (this.#upkeep.forgetStep({ receivedBeforeMs, upToSeq, keysBeforeMs }) && (await this.#waited(1)));
        this.#store.frames.forget();
      } catch (error) {
        this.#parts.log.error("old uplinks could not be removed", { error });
      }
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
  const data = workerData as FieldWorkerData;
  const say = (message: FromFieldWorker): void => port.postMessage(message);
  const db = openForWriting(join(data.dataFolder, "readings.db"), readingsMigrations);
  setPriority(0, THREAD_NICENESS);
  db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  const log = createLog({ level: data.logLevel, base: { role: "field", thread: "ingest" } });
  const worker = new FieldWorker({ data, db, say, log, scripts: await VendorCodecs.open(), metrics: new Metrics() });
  port.on("message", (message: ToFieldWorker) => worker.hear(message));
  say({ kind: "open" });
  flushCompileCache();
}

import type { UplinkOutcome } from "../core/domain/ledger.ts";
import { type Reading, readingToJson } from "../core/domain/reading.ts";
import { topics } from "../core/domain/topics.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { DeviceIndex } from "./device-index.ts";
import type { ScriptDecoder } from "./frame-decoder.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import { judgeTouched, type NeighbourStore } from "./judge-touched.ts";
import { NOTHING, type Plan } from "./plan.ts";
import { planUplink } from "./plan-uplink.ts";
import { replanWith } from "./replan.ts";
import { isStorageTrouble } from "./storage-trouble.ts";
import { type HeardDevice, type UplinkStore, UplinkWriter } from "./uplink-writer.ts";

/** What the pipeline needs of the store: one transaction changes all of it. */
export interface IngestStore extends UplinkStore {
  readonly readings: UplinkStore["readings"] &
    NeighbourStore & {
      /** The newest reading of each series in which it changed. */
      newest(): Reading[];
    };
  transaction<T>(work: () => T): T;
  cursor(): number;
  advance(cursor: number): void;
}

export interface PipelineParts {
  readonly journal: { readAfter(cursor: number, max: number): JournaledUplink[]; read(seq: number): JournaledUplink | undefined };
  readonly store: IngestStore;
  readonly devices: () => DeviceIndex;
  readonly scripts: ScriptDecoder;
  readonly onHeard: (gatewayId: string, atMs: number) => void;
  /** After each commit: the devices that spoke, and the readings that are now the newest. */
  readonly onDevices: (heard: readonly HeardDevice[], newest: readonly Reading[]) => void;
  /** After each commit: retained messages for the live feed. */
  readonly publish: (topic: string, message: unknown) => void;
  readonly onCommit: () => void;
  /** Work that may wait, a piece at a time, a small one while uplinks wait: after each batch, and again while it returns true. Never throws. */
  readonly inBetween: (uplinks: "waiting" | "done") => boolean;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly batchMax?: number;
}

const BATCH_MAX = 1000;
const IDLE_MS = 1000; // looks by itself, should a wake be lost
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 10_000;

/** Reads the journal from the cursor: plan each uplink (plan-uplink.ts), write, judge by neighbours, count and tell. Whatever happens in between, it can start again. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #writer: UplinkWriter;
  readonly #batchMax: number;
  #woken: (() => void) | undefined;
  #hasNews = false;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#writer = new UplinkWriter(parts.store, replanWith(parts));
    this.#batchMax = parts.batchMax ?? BATCH_MAX;
  }

  /** There is something new in the journal, or to do in between. Cheap. */
  wake(): void {
    this.#hasNews = true;
    this.#woken?.();
  }

  /** Runs until `signal`; a store that cannot be written is tried again, at the latest after 10 s. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        this.#hasNews = false;
        const done = this.step();
        failures = 0;
        const more = this.#parts.inBetween(done < this.#batchMax ? "done" : "waiting");
        if (done < this.#batchMax && !more) await this.#pause(IDLE_MS, signal);
        else await new Promise((resolve) => setImmediate(resolve)); // messages of the role get their turn
      } catch (error) {
        failures += 1;
        this.#parts.metrics.count("azemichi_ingest_failures_total");
        this.#parts.log.error("uplinks could not be stored; they stay in the journal and are tried again", { error, failures });
        await this.#pause(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (failures - 1)), signal);
      }
    }
  }

  /** Processes the next batch in one transaction with its cursor. Returns how many uplinks it was. Throws when the store cannot be written. */
  step(): number {
    const { journal, store } = this.#parts;
    const batch = journal.readAfter(store.cursor(), this.#batchMax);
    if (batch.length === 0) return 0;
    try {
      this.#process(batch, "plan");
    } catch (error) {
      if (isStorageTrouble(error)) throw error;
      for (const uplink of batch) this.#processAlone(uplink); // one of them is at fault: find it
    }
    return batch.length;
  }

  #processAlone(uplink: JournaledUplink): void {
    try {
      this.#process([uplink], "plan");
    } catch (error) {
      if (isStorageTrouble(error)) throw error;
      this.#parts.log.error("uplink could not be stored and is set aside", { seq: uplink.seq, topic: uplink.topic, error });
      this.#process([uplink], "set-aside");
    }
  }

  #process(batch: readonly JournaledUplink[], how: "plan" | "set-aside"): void {
    const { store, metrics } = this.#parts;
    const counts = new Map<string, { source: string; outcome: UplinkOutcome; n: number }>();
    const heard: [string, number][] = [];
    const devices = this.#parts.devices();
    this.#writer.takeHeard(); // of a batch that was rolled back
    const newest = store.transaction(() => {
      for (const uplink of batch) {
        const plan = how === "plan" ? this.#plan(uplink, devices) : INTERNAL;
        this.#writer.write(uplink, plan);
        for (const gateway of plan.gateways) heard.push([gateway, plan.timeMs ?? uplink.receivedAtMs]);
        const key = `${uplink.source}|${plan.outcome}`;
        const count = counts.get(key);
        if (count === undefined) counts.set(key, { source: uplink.source, outcome: plan.outcome, n: 1 });
        else count.n += 1;
      }
      judgeTouched(store.readings, (id) => devices.find({ kind: "mqtt", deviceId: id })?.intervalS ?? INTERVAL_S);
      for (const { source, outcome, n } of counts.values()) store.count(source, outcome, n);
      store.advance((batch.at(-1) as JournaledUplink).seq);
      return store.readings.newest();
    });
    for (const { outcome, n } of counts.values()) metrics.count("azemichi_ingest_uplinks_total", { outcome }, n);
    for (const [gateway, atMs] of heard) this.#parts.onHeard(gateway, atMs);
    tellNewest(newest, this.#parts.publish);
    this.#parts.onDevices(this.#writer.takeHeard(), newest);
    this.#parts.onCommit();
  }

  /** A bug of ours must not stop the path: the uplink is set aside under its own reason and can be processed again. */
  #plan(uplink: JournaledUplink, devices: DeviceIndex): Plan {
    try {
      return planUplink(uplink, { devices, sessions: this.#parts.store.frames, scripts: this.#parts.scripts, before: null });
    } catch (error) {
      if (isStorageTrouble(error)) throw error;
      this.#parts.log.error("uplink could not be processed and is set aside", { seq: uplink.seq, topic: uplink.topic, error });
      return INTERNAL;
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#hasNews || signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      return;
    }
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        this.#woken = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end, { once: true });
      this.#woken = end;
    });
  }
}

const INTERVAL_S = 1800;
const INTERNAL: Plan = { ...NOTHING, outcome: "quarantined", reason: "internal", device: null };

/** One retained message per device, with those of its readings that are news. */
export function tellNewest(newest: readonly Reading[], publish: PipelineParts["publish"]): void {
  const byDevice = Map.groupBy(newest, (reading) => reading.deviceId);
  for (const [deviceId, readings] of byDevice) publish(topics.readings(deviceId), { deviceId, readings: readings.map(readingToJson) });
}

import type { UplinkOutcome } from "../core/domain/ledger.ts";
import { type Reading, readingToJson } from "../core/domain/reading.ts";
import { topics } from "../core/domain/topics.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { DeviceIndex } from "./device-index.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import { type Plan, planUplink } from "./plan.ts";
import type { FrameKey, Session, SessionReader } from "./sessions.ts";

/** What the pipeline needs of the store: one transaction changes all of it. */
export interface IngestStore extends SessionReader {
  transaction<T>(work: () => T): T;
  cursor(): number;
  advance(cursor: number): void;
  saveSession(devEui: string, session: Session): void;
  saveFrame(key: FrameKey, at: { session: number; timeMs: number; receivedAtMs: number }): void;
  putReading(
    reading: Reading,
    rank: { fCnt: number; payloadHash: string; uplinkSeq: number },
  ): { readonly changed: boolean; readonly newest: boolean; readonly plotId: string | null };
  account(uplink: { seq: number; source: string; outcome: UplinkOutcome; reason: string; device: string | null; receivedAtMs: number }): void;
  count(source: string, outcome: UplinkOutcome, n: number): void;
}

export interface PipelineParts {
  readonly journal: { readAfter(cursor: number, max: number): JournaledUplink[] };
  readonly store: IngestStore;
  readonly devices: () => DeviceIndex;
  readonly onHeard: (gatewayId: string, atMs: number) => void;
  /** After each commit: retained messages for the live feed. */
  readonly publish: (topic: string, message: unknown) => void;
  readonly onCommit: () => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly batchMax?: number;
}

const BATCH_MAX = 500;
const IDLE_MS = 1000; // looks by itself, should a wake be lost
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 10_000;
/** SQLite's primary result codes that speak of the disk or a lock, not of the data: BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN. */
const STORAGE_TROUBLE: ReadonlySet<number> = new Set([5, 6, 8, 10, 11, 13, 14]);

/** Reads the journal from the cursor: parse, dedupe, decode, judge (plan.ts), then write, count and tell. Whatever happens in between, it can start again. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #batchMax: number;
  #woken: (() => void) | undefined;
  #hasNews = false;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#batchMax = parts.batchMax ?? BATCH_MAX;
  }

  /** There is something new in the journal. Cheap. */
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
        if (done < this.#batchMax) await this.#pause(IDLE_MS, signal);
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
    const changed = new Map<string, Map<string, Reading>>();
    const heard: [string, number][] = [];
    store.transaction(() => {
      for (const uplink of batch) {
        const plan = how === "plan" ? this.#plan(uplink) : INTERNAL;
        this.#write(uplink, plan, changed);
        for (const gateway of plan.heardBy) heard.push([gateway, plan.heardAtMs]);
        const key = `${uplink.source}|${plan.outcome}`;
        const count = counts.get(key) ?? { source: uplink.source, outcome: plan.outcome, n: 0 };
        count.n += 1;
        counts.set(key, count);
      }
      for (const { source, outcome, n } of counts.values()) store.count(source, outcome, n);
      store.advance((batch.at(-1) as JournaledUplink).seq);
    });
    for (const { outcome, n } of counts.values()) metrics.count("azemichi_ingest_uplinks_total", { outcome }, n);
    for (const [gateway, atMs] of heard) this.#parts.onHeard(gateway, atMs);
    this.#tell(changed);
    this.#parts.onCommit();
  }

  /** A bug of ours must not stop the path: the uplink is set aside under its own reason and can be processed again. */
  #plan(uplink: JournaledUplink): Plan {
    try {
      return planUplink(uplink, { devices: this.#parts.devices(), sessions: this.#parts.store });
    } catch (error) {
      if (isStorageTrouble(error)) throw error;
      this.#parts.log.error("uplink could not be processed and is set aside", { seq: uplink.seq, topic: uplink.topic, error });
      return INTERNAL;
    }
  }

  #write(uplink: JournaledUplink, plan: Plan, changed: Map<string, Map<string, Reading>>): void {
    const { store } = this.#parts;
    if (plan.session !== null) store.saveSession(plan.session.devEui, plan.session.session);
    if (plan.frame !== null) store.saveFrame(plan.frame.key, { ...plan.frame.at, receivedAtMs: uplink.receivedAtMs });
    const rank = { fCnt: plan.frame?.key.fCnt ?? 0, payloadHash: plan.frame?.key.payloadHash ?? "", uplinkSeq: uplink.seq };
    for (const reading of plan.readings) {
      const put = store.putReading(reading, rank);
      if (!put.changed || !put.newest) continue;
      const ofDevice = changed.get(reading.deviceId) ?? new Map<string, Reading>();
      ofDevice.set(`${reading.quantity}|${reading.depthCm}`, put.plotId === reading.plotId ? reading : { ...reading, plotId: put.plotId });
      changed.set(reading.deviceId, ofDevice);
    }
    const { seq, source, receivedAtMs } = uplink;
    store.account({ seq, source, outcome: plan.outcome, reason: plan.reason, device: plan.device, receivedAtMs });
  }

  #tell(changed: ReadonlyMap<string, ReadonlyMap<string, Reading>>): void {
    for (const [deviceId, readings] of changed)
      this.#parts.publish(topics.readings(deviceId), { deviceId, readings: [...readings.values()].map(readingToJson) });
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

const INTERNAL: Plan = { outcome: "quarantined", reason: "internal", device: null, readings: [], session: null, frame: null, heardBy: [], heardAtMs: 0 };

function isStorageTrouble(error: unknown): boolean {
  const errcode = (error as { errcode?: unknown }).errcode;
  return typeof errcode === "number" && STORAGE_TROUBLE.has(errcode & 0xff);
}

import type { RedecodeOrder } from "../core/domain/codec.ts";
import type { UplinkOutcome } from "../core/domain/ledger.ts";
import type { Device } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { DeviceIndex } from "./device-index.ts";
import { type ScriptDecoder, scriptOf } from "./frame-decoder.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import { judgeTouched } from "./judge-touched.ts";
import { type IngestStore, type PipelineParts, tellNewest } from "./pipeline.ts";
import { replanWith } from "./replan.ts";
import { isStorageTrouble } from "./storage-trouble.ts";
import { UplinkWriter } from "./uplink-writer.ts";

/** Where a job goes on: after this uplink of this device, devices in order of their ids. */
export interface JobPlace {
  readonly device: string;
  readonly timeMs: number;
  readonly seq: number;
}
export interface Job {
  readonly id: number;
  readonly orderedAtMs: number;
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly total: number;
  readonly done: number;
  readonly changed: number;
}

/** What became of uplinks, and how far the orders are. */
export interface RedecodeJobs {
  /** Uplinks of a device or of an unknown name, oldest event first. */
  uplinksOf(device: string, filter: { outcome: UplinkOutcome; reason: string | null }): number[];
  /** What was no duplicate and has an event time before `toMs`, after `place`, in order of (time, seq). */
  uplinksAfter(place: JobPlace, toMs: number, max: number): { seq: number; timeMs: number }[];
  countUplinks(device: string, fromMs: number, toMs: number): number;
  job(order: { id: number; atMs: number }): Job | undefined;
  saveJob(job: Job & { startedMs: number; endedMs: number | null; error: string | null }): void;
}

export interface RedecoderParts {
  readonly journal: { read(seq: number): JournaledUplink | undefined };
  readonly store: IngestStore & { readonly readings: { readonly changes: number } };
  readonly jobs: RedecodeJobs;
  readonly devices: () => { readonly index: DeviceIndex; readonly all: readonly Device[] };
  readonly scripts: ScriptDecoder;
  readonly publish: PipelineParts["publish"];
  readonly onDevices: PipelineParts["onDevices"];
  readonly onCommit: () => void;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

const STEP_UPLINKS = 50;
const ALWAYS_MS = 8.64e15; // end of ECMAScript time

interface Running {
  readonly order: RedecodeOrder;
  readonly devices: readonly string[];
  readonly startedMs: number;
  readonly total: number;
  place: JobPlace;
  at: number; // index in devices
  done: number;
  changed: number;
}

/** Reads uplinks again from the journal, a few at a time between those that arrive: by order, or because a device became known. */
export class Redecoder {
  readonly #parts: RedecoderParts;
  readonly #writer: UplinkWriter;
  #orders: readonly RedecodeOrder[] = [];
  #waiting: number[] = []; // journal numbers, next one last
  #running: Running | undefined;

  constructor(parts: RedecoderParts) {
    this.#parts = parts;
    this.#writer = new UplinkWriter(parts.store, replanWith({ ...parts, devices: () => parts.devices().index }));
  }

  /** The catalog's orders as they stand now. */
  order(orders: readonly RedecodeOrder[]): void {
    this.#orders = orders;
  }

  /** Uplinks that were set aside may find their way now: those of names that a device has, and those that its profile could not read. */
  reconsider(names: readonly string[], deviceIds: readonly string[]): void {
    const { jobs } = this.#parts;
    const found = [
      ...names.flatMap((name) => jobs.uplinksOf(name, { outcome: "rejected", reason: "unknown-device" })),
      ...deviceIds.flatMap((id) => jobs.uplinksOf(id, { outcome: "quarantined", reason: null })),
    ];
    if (found.length > 0) this.#waiting = [...new Set([...found.reverse(), ...this.#waiting])];
  }

  /** One small piece; true while there is more. Never throws. */
  step(): boolean {
    try {
      if (this.#waiting.length > 0) {
        const seqs = this.#waiting.slice(-STEP_UPLINKS).reverse();
        this.#again(seqs, () => {});
        this.#waiting.length -= seqs.length;
        return true;
      }
      this.#running ??= this.#nextJob();
      if (this.#running === undefined) return false;
      this.#stepJob(this.#running);
      return true;
    } catch (error) {
      this.#parts.metrics.count("azemichi_redecode_failures_total");
      this.#parts.log.error("uplinks could not be read again", { error });
      if (!isStorageTrouble(error)) this.#giveUp(error as Error);
      return false; // a disk that takes no writes is tried again with the next batch
    }
  }

  #nextJob(): Running | undefined {
    const { store, jobs, devices, nowMs } = this.#parts;
    const order = this.#orders.find((o) => o.cancelledAtMs === null && (jobs.job(o)?.state ?? "running") === "running");
    if (order === undefined) return undefined;
    const { what, fromMs, toMs } = order;
    const ids = what.kind === "device" ? [what.deviceId] : devices().all.flatMap((d) => (scriptOf(d.profile) === what.codecId ? [d.id] : []));
    const total = ids.reduce((sum, id) => sum + jobs.countUplinks(id, fromMs ?? -ALWAYS_MS, toMs ?? ALWAYS_MS), 0);
    const running = { order, devices: ids.sort(), startedMs: nowMs(), total, place: startOf(ids[0], fromMs), at: 0, done: 0, changed: 0 };
    this.#parts.log.info("uplinks are read again", { order: order.id, devices: ids.length, uplinks: total });
    store.transaction(() => this.#save(running, "running", null));
    return running;
  }

  #stepJob(job: Running): void {
    const { store, jobs, log } = this.#parts;
    const { order } = job;
    if (this.#orders.find((o) => o.id === order.id && o.atMs === order.atMs)?.cancelledAtMs !== null) {
      this.#running = undefined;
      store.transaction(() => this.#save(job, "cancelled", null));
      return;
    }
    const next = job.at < job.devices.length ? jobs.uplinksAfter(job.place, order.toMs ?? ALWAYS_MS, STEP_UPLINKS) : [];
    const last = next.at(-1);
    if (last === undefined) {
      job.at += 1;
      job.place = startOf(job.devices[job.at], order.fromMs);
      if (job.at < job.devices.length) return;
      this.#running = undefined;
      store.transaction(() => this.#save(job, "done", null));
      log.info("uplinks were read again", { order: order.id, uplinks: job.done, changed: job.changed });
      return;
    }
    this.#again(
      next.map(({ seq }) => seq),
      (changed) => {
        this.#save({ ...job, done: job.done + next.length, changed: job.changed + changed }, "running", null);
        job.changed += changed;
      },
    );
    job.done += next.length;
    job.place = { ...job.place, timeMs: last.timeMs, seq: last.seq };
  }

  /** Unlike a disk that is full, a fault of ours would come again: the job ends, and says why. */
  #giveUp(error: Error): void {
    const job = this.#running;
    this.#running = undefined;
    this.#waiting = [];
    if (job !== undefined) this.#parts.store.transaction(() => this.#save(job, "failed", error.message));
  }

  #again(seqs: readonly number[], within: (changed: number) => void): void {
    const { store, devices, publish, onDevices, onCommit, metrics } = this.#parts;
    const { index } = devices();
    this.#writer.takeHeard(); // of a step that was rolled back
    const newest = store.transaction(() => {
      const before = store.readings.changes;
      for (const seq of seqs) this.#writer.rewrite(seq);
      const changed = store.readings.changes - before;
      judgeTouched(store.readings, (id) => index.find({ kind: "mqtt", deviceId: id })?.intervalS ?? INTERVAL_S);
      within(changed);
      return store.readings.newest();
    });
    metrics.count("azemichi_redecoded_uplinks_total", {}, seqs.length);
    tellNewest(newest, publish);
    onDevices(this.#writer.takeHeard(), newest);
    onCommit();
  }

  #save(job: Running, state: Job["state"], error: string | null): void {
    const { order, total, done, changed, startedMs } = job;
    const endedMs = state === "running" ? null : this.#parts.nowMs();
    this.#parts.jobs.saveJob({ id: order.id, orderedAtMs: order.atMs, state, total, done, changed, startedMs, endedMs, error });
  }
}

const INTERVAL_S = 1800;

function startOf(device: string | undefined, fromMs: number | null): JobPlace {
  return { device: device ?? "", timeMs: fromMs ?? -ALWAYS_MS, seq: -1 };
}

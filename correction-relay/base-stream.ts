import { type Ecef, type Epoch, type FrameCounters, stationId, withStationId } from "rtcm-parser";
import type { Base } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { isArp } from "./arp-frame.ts";
import { BaseTruthKeeper, type TruthServices } from "./base-truth.ts";
import { EpochGatherer, type Turns, type Unit } from "./epoch-gatherer.ts";
import { Feed } from "./feed.ts";
import type { FeedForm } from "./feed-forms.ts";
import type { RelayLimits } from "./limits.ts";
import { notice1029 } from "./notice-text.ts";
import type { SourceSession } from "./source.ts";
import { keyOf, StationCache } from "./station-cache.ts";
import type { BaseSigns } from "./virtual/pool.ts";

export interface BaseStreamOptions {
  readonly base: Base;
  readonly limits: RelayLimits;
  readonly truth: TruthServices;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly turns?: Turns;
  /** Of this base by its former way in: a gap goes on from there. */
  readonly lastDataAtMs?: number | null;
  /** Its data have come to an end by a decision, or begin again: who chooses between bases must look. */
  readonly stopped?: (stream: BaseStream) => void;
}

/** One base's stream: at most one source; any number of feeds, one per form in which rovers get it. */
export class BaseStream {
  readonly truth: BaseTruthKeeper;
  readonly #o: BaseStreamOptions;
  readonly #log: Log;
  readonly #gatherer: EpochGatherer;
  readonly #cache = new StationCache();
  readonly #feeds = new Map<string, Feed>();
  readonly #held = new Map<string, Uint8Array>(); // by key: bounded as the cache is
  #base: Base;
  #source: SourceSession | null = null;
  #stationId: number | null = null; // as it leaves in this session; null: as sent
  #sentStationId = 0; // last seen
  #counted: FrameCounters = NO_FRAMES; // of this source session, in the metrics already
  #endedAtMs: number | null = null;
  #lastUnitAtMs: number | null = null;
  #lastEpochAtMs: number | null;
  #flows = false; // the guard lets it through
  #observed = false; // this session has brought observations
  #unseen: { readonly frame: Uint8Array; readonly epoch: Epoch | null; readonly atMs: number }[] = [];

  constructor(options: BaseStreamOptions) {
    const { gatherMs, gatherBytes } = options.limits;
    this.#o = options;
    this.#base = options.base;
    this.#lastEpochAtMs = options.lastDataAtMs ?? null;
    this.#log = options.log.child({ mount: options.base.mount });
    const { base, truth, nowMs, metrics } = options;
    this.truth = new BaseTruthKeeper({ base, services: truth, nowMs, log: this.#log, metrics });
    this.#gatherer = new EpochGatherer({ gatherMs, gatherBytes, send: (unit) => this.#send(unit), ...(options.turns ? { turns: options.turns } : {}) });
  }

  get base(): Base {
    return this.#base;
  }

  get source(): SourceSession | null {
    return this.#source;
  }

  /** Somebody receives it. */
  get wanted(): boolean {
    for (const feed of this.#feeds.values()) if (feed.wanted) return true;
    return false;
  }

  /** For a text of ours: the station that rovers know. */
  get noticeStationId(): number {
    return this.#stationId ?? this.#sentStationId;
  }

  /** The catalog has changed. What a session is rewritten to stays until its end: never in mid-stream. */
  change(base: Base): void {
    this.#base = base;
    this.truth.change(base);
  }

  feed(form: FeedForm, offset: { readonly mount: string; readonly ecef: Ecef } | null = null): Feed {
    const id = `${this.#base.id}/${offset?.mount ?? ""}/${form}`;
    let feed = this.#feeds.get(id);
    if (feed === undefined) {
      feed = new Feed({ id, form, arpOffset: offset?.ecef ?? null, cache: this.#cache, sentEpochNumber: () => this.#gatherer.sentEpochNumber });
      this.#feeds.set(id, feed);
    }
    return feed;
  }

  /** How long no data have left, ms; since when is not before `sinceMs`. A stream that never had observations is measured by its frames. */
  silentForMs(nowMs: number, sinceMs: number): number {
    const lastAtMs = this.#observed ? this.#lastEpochAtMs : this.#lastUnitAtMs;
    return nowMs - Math.max(sinceMs, lastAtMs ?? 0);
  }

  /** When its last epoch left; null before the first. */
  get lastDataAtMs(): number | null {
    return this.#lastEpochAtMs;
  }

  /** For the choice on virtual mounts. */
  signs(nowMs: number): BaseSigns {
    return { base: this.#base, lastDataAtMs: this.#lastEpochAtMs, ...this.truth.signs(nowMs) };
  }

  /** A new authenticated source takes the place of a silent one; a live one keeps it. Rovers stay. */
  attach(source: SourceSession, answer: string, rest: Uint8Array): "attached" | "taken" {
    const nowMs = this.#o.nowMs();
    if (this.#source !== null) {
      if (!this.#source.isSilent(nowMs)) return "taken";
      this.#source.cut("replaced by a new source");
    }
    this.#source = source;
    this.#stationId = this.#base.stationId;
    this.#cache.clear();
    this.#held.clear();
    this.#counted = NO_FRAMES;
    this.#observed = false;
    this.truth.sessionBegan(source, nowMs);
    this.#log.info("source connected", { agent: source.agent, address: source.remoteAddress, kind: source.kind });
    source.start(this, answer, rest);
    return "attached";
  }

  /** From the source, see `SourceSink`. Nothing leaves that the guard does not let through. */
  frame(frame: Uint8Array, epoch: Epoch | null, atMs: number): void {
    if (this.#unseen.length === 0) setImmediate(() => this.#look());
    this.#unseen.push({ frame, epoch, atMs });
    const id = stationId(frame);
    if (id !== null) this.#sentStationId = id;
    const admission = this.truth.admit(frame, atMs);
    if (admission === "stop" || admission === "reset") this.#forget();
    if (admission === "stop" && this.#flows) {
      this.#flows = false;
      this.#o.stopped?.(this);
    }
    if (admission === "hold") this.#hold(frame);
    if (admission === "stop" || admission === "hold") return;
    this.#relay(frame, epoch, atMs);
    if (this.#held.size > 0) for (const held of this.#taken()) this.#relay(held, null, atMs);
  }

  #relay(frame: Uint8Array, epoch: Epoch | null, atMs: number): void {
    this.#flows = true;
    const id = this.#stationId;
    const leaving = id === null || stationId(frame) === id ? frame : withStationId(frame, id);
    this.#cache.put(leaving, atMs);
    this.#gatherer.accept(leaving, epoch, atMs);
  }

  /** What the base sends once in a while is not lost while its position is awaited: it follows the position. */
  #hold(frame: Uint8Array): void {
    const key = keyOf(frame);
    if (key !== null && !isArp(frame)) this.#held.set(key, new Uint8Array(frame)); // not slice(): a Buffer's is no copy
  }

  #taken(): readonly Uint8Array[] {
    const held = [...this.#held.values()];
    this.#held.clear();
    return held;
  }

  chunk(bytes: number, framing: FrameCounters, atMs: number): void {
    const { metrics } = this.#o;
    const mount = this.#base.mount;
    this.truth.chunk(bytes, framing, atMs);
    metrics.count("azemichi_relay_source_bytes_total", { mount }, bytes);
    metrics.count("azemichi_relay_frames_total", { mount }, framing.frames - this.#counted.frames);
    metrics.count("azemichi_relay_skipped_bytes_total", { mount }, framing.skippedBytes - this.#counted.skippedBytes);
    metrics.count("azemichi_relay_crc_failures_total", { mount }, framing.crcFailures - this.#counted.crcFailures);
    this.#counted = framing;
  }

  heldBack(): void {
    this.#o.metrics.count("azemichi_relay_source_held_back_total", { mount: this.#base.mount });
  }

  sourceEnded(session: SourceSession, reason: string): void {
    if (this.#source !== session) return;
    this.#gatherer.flush();
    this.#source = null;
    this.#endedAtMs = this.#o.nowMs();
    this.truth.sessionEnded(this.#endedAtMs);
    this.#o.metrics.count("azemichi_relay_source_ends_total", { mount: this.#base.mount });
    this.#log.info("source ended", { reason });
  }

  #send(unit: Unit): void {
    const nowMs = this.#o.nowMs();
    let skipped = 0;
    for (const feed of this.#feeds.values()) skipped += feed.send(unit, nowMs);
    this.#lastUnitAtMs = nowMs;
    const mount = this.#base.mount;
    if (unit.kind === "epoch") {
      this.#lastEpochAtMs = nowMs;
      this.#observed = true;
      this.#o.metrics.count("azemichi_relay_epochs_total", { mount });
    }
    if (skipped > 0) this.#o.metrics.count("azemichi_relay_skipped_deliveries_total", { mount }, skipped);
  }

  /** After delivery. Whatever goes wrong here, the stream goes on: DESIGN §1, health never stands in the way. */
  #look(): void {
    const unseen = this.#unseen;
    this.#unseen = [];
    try {
      this.truth.look(unseen);
    } catch (error) {
      this.#o.metrics.count("azemichi_relay_observation_failures_total", { mount: this.#base.mount });
      this.#log.error("frames not observed", { error });
    }
  }

  /** What waits must not leave, nor what is cached. */
  #forget(): void {
    this.#gatherer.discard();
    this.#cache.clear();
    this.#held.clear();
  }

  /** ARP and a sentence, for a rover whose base is silent or stopped. */
  spoken(feed: Feed, text: string): Uint8Array {
    const arp = this.truth.mayRelay ? feed.cache.get("1005") : undefined;
    const notice = notice1029(text, { stationId: this.noticeStationId, nowMs: this.#o.nowMs() });
    return arp === undefined ? notice : Buffer.concat([arp, notice]);
  }

  /** Once a second. */
  tick(nowMs: number): void {
    this.#source?.tick(nowMs);
    this.truth.tick(nowMs);
    // An old antenna position would be worse than none.
    if (this.#source === null && this.#endedAtMs !== null && nowMs - this.#endedAtMs >= this.#o.limits.holdMs) this.#cache.clear();
  }

  close(reason: string): void {
    this.#source?.cut(reason);
    this.#gatherer.flush();
  }
}

const NO_FRAMES: FrameCounters = { frames: 0, skippedBytes: 0, crcFailures: 0 };

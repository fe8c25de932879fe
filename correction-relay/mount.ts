import { type Epoch, ecefToLatLon, type FrameCounters, messageType } from "rtcm-parser";
import type { BaseHealth } from "../core/domain/live.ts";
import type { Base } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { EpochGatherer, type Turns, type Unit } from "./epoch-gatherer.ts";
import { BaseMonitor } from "./health.ts";
import type { RelayLimits } from "./limits.ts";
import type { MountPoint } from "./mount-point.ts";
import type { RoverSession } from "./rover.ts";
import type { SourceSession } from "./source.ts";
import type { TableEntry } from "./sourcetable.ts";
import { StationCache } from "./station-cache.ts";

export interface MountOptions {
  readonly base: Base;
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly turns?: Turns;
}

/** One base's stream: at most one source, any number of rovers. */
export class Mount implements MountPoint {
  readonly variantOf = null;
  base: Base;
  readonly #options: MountOptions;
  readonly #log: Log;
  readonly #gatherer: EpochGatherer;
  readonly #monitor = new BaseMonitor();
  readonly #cache = new StationCache();
  readonly #rovers = new Set<RoverSession>();
  #source: SourceSession | null = null;
  #counted: FrameCounters = { frames: 0, skippedBytes: 0, crcFailures: 0 }; // of this source session, in the metrics already
  #endedAtMs: number | null = null;

  constructor(options: MountOptions) {
    const { gatherMs, gatherBytes } = options.limits;
    this.base = options.base;
    this.#options = options;
    this.#log = options.log.child({ mount: options.base.mount });
    this.#gatherer = new EpochGatherer({ gatherMs, gatherBytes, send: (unit) => this.#send(unit), ...(options.turns ? { turns: options.turns } : {}) });
  }

  get name(): string {
    return this.base.mount;
  }

  get sim(): boolean {
    return this.base.sim;
  }

  get takesSource(): Base {
    return this.base;
  }

  get rovers(): ReadonlySet<RoverSession> {
    return this.#rovers;
  }

  get source(): SourceSession | null {
    return this.#source;
  }

  get antenna(): BaseHealth["antenna"] {
    return this.#monitor.antenna;
  }

  /** A new authenticated source takes the place of a silent one; a live one keeps it. Rovers stay. */
  attach(source: SourceSession, answer: string, rest: Uint8Array): "attached" | "taken" {
    const nowMs = this.#options.nowMs();
    if (this.#source !== null) {
      if (!this.#source.isSilent(nowMs)) return "taken";
      this.#source.cut("replaced by a new source");
    }
    this.#source = source;
    this.#cache.clear();
    this.#counted = { frames: 0, skippedBytes: 0, crcFailures: 0 };
    this.#monitor.connected(nowMs, source.agent);
    this.#log.info("source connected", { agent: source.agent, address: source.remoteAddress });
    source.start(this, answer, rest);
    return "attached";
  }

  join(rover: RoverSession, statusLine: string): void {
    const head = this.#cache.head(this.#options.nowMs());
    rover.start(Buffer.concat([Buffer.from(statusLine, "latin1"), head]), this.name, this.#gatherer.sentEpochNumber);
    this.#rovers.add(rover);
  }

  leave(rover: RoverSession): void {
    this.#rovers.delete(rover);
  }

  /** From the source, see `SourceSink`. */
  frame(frame: Uint8Array, epoch: Epoch | null, atMs: number): void {
    this.#cache.put(frame, atMs);
    this.#gatherer.accept(frame, epoch, atMs);
    this.#observe(frame, epoch, atMs);
  }

  /** Whatever goes wrong here, the stream goes on: DESIGN §1, health never stands in the way. */
  #observe(frame: Uint8Array, epoch: Epoch | null, atMs: number): void {
    const { metrics } = this.#options;
    const mount = this.base.mount;
    try {
      if (this.#monitor.frame(frame, epoch, atMs) === "unreadable") metrics.count("azemichi_relay_unreadable_frames_total", { mount });
    } catch (error) {
      metrics.count("azemichi_relay_observation_failures_total", { mount });
      this.#log.error("frame not observed", { error, type: messageType(frame) });
    }
  }

  chunk(bytes: number, framing: FrameCounters, atMs: number): void {
    const { metrics } = this.#options;
    const mount = this.base.mount;
    this.#monitor.chunk(bytes, framing, atMs);
    metrics.count("azemichi_relay_source_bytes_total", { mount }, bytes);
    metrics.count("azemichi_relay_frames_total", { mount }, framing.frames - this.#counted.frames);
    metrics.count("azemichi_relay_skipped_bytes_total", { mount }, framing.skippedBytes - this.#counted.skippedBytes);
    metrics.count("azemichi_relay_crc_failures_total", { mount }, framing.crcFailures - this.#counted.crcFailures);
    this.#counted = framing;
  }

  heldBack(): void {
    this.#options.metrics.count("azemichi_relay_source_held_back_total", { mount: this.base.mount });
  }

  sourceEnded(session: SourceSession, reason: string): void {
    if (this.#source !== session) return;
    this.#gatherer.flush();
    this.#source = null;
    this.#endedAtMs = this.#options.nowMs();
    this.#monitor.disconnected();
    this.#options.metrics.count("azemichi_relay_source_ends_total", { mount: this.base.mount });
    this.#log.info("source ended", { reason });
  }

  #send(unit: Unit): void {
    const nowMs = this.#options.nowMs();
    let skipped = 0;
    for (const rover of this.#rovers) if (rover.deliver(unit, this.#cache, nowMs) === "skipped") skipped += 1;
    const mount = this.base.mount;
    if (unit.kind === "epoch") this.#options.metrics.count("azemichi_relay_epochs_total", { mount });
    if (skipped > 0) this.#options.metrics.count("azemichi_relay_skipped_deliveries_total", { mount }, skipped);
  }

  /** Once a second. */
  tick(nowMs: number): void {
    this.#source?.tick(nowMs);
    for (const rover of this.#rovers) rover.tick(nowMs);
    // An old antenna position would be worse than none.
    if (this.#source === null && this.#endedAtMs !== null && nowMs - this.#endedAtMs >= this.#options.limits.holdMs) this.#cache.clear();
  }

  health(nowMs: number): BaseHealth {
    const { id, mount, sim } = this.base;
    return this.#monitor.health({ baseId: id, mount, sim, rovers: this.#rovers.size, nowMs });
  }

  entry(nowMs: number): TableEntry {
    const { id, mount, name, kind, sim, antenna } = this.base;
    const surveyed = antenna === null ? null : ecefToLatLon({ xM: antenna.x, yM: antenna.y, zM: antenna.z });
    return {
      mount,
      name,
      id,
      form: this.#monitor.form(nowMs),
      position: this.#monitor.antenna ?? surveyed,
      nmea: kind === "network", // its upstream is given the GGA of the rover
      solution: kind === "network" ? "network" : "single",
      generator: this.#monitor.receiver,
      sim,
    };
  }

  close(reason: string): void {
    this.#source?.cut(reason);
    this.#gatherer.flush();
    for (const rover of this.#rovers) rover.end(reason);
  }
}

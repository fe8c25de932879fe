import type { Socket } from "node:net";
import type { RoverState } from "../core/domain/live.ts";
import type { Rover } from "../core/domain/site.ts";
import { type Gga, GgaCollector } from "../core/wire/nmea-gga.ts";
import type { Unit } from "./epoch-gatherer.ts";
import type { KernelQueue } from "./kernel-queue.ts";
import type { RelayLimits } from "./limits.ts";
import { connectedRover, type HeardGga, type ServedBy } from "./rover-state.ts";
import { SendQueue } from "./send-queue.ts";
import { cut, finish } from "./socket.ts";
import type { CachedFrames } from "./station-cache.ts";

export interface RoverSessionOptions {
  readonly socket: Socket;
  readonly rover: Rover;
  readonly agent: string | null;
  readonly gga: readonly string[]; // lines that came with the request
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
  readonly kernelQueue?: KernelQueue;
  readonly onClosed: (session: RoverSession, reason: string) => void;
}

// Outside this range the clocks disagree, or it is a recording: no latency can be told.
const LATENCY_MS = { least: -1000, most: 30_000 };
const GAPS_KEPT = 32;

/**
 * One tractor's connection: corrections go out, GGA comes back. Its slowness is its own: nothing is handed to the
 * kernel later than `roverStaleMs` after its arrival, and a rover that has not drained misses whole epochs, never parts.
 */
export class RoverSession {
  readonly rover: Rover;
  readonly agent: string | null;
  readonly remoteAddress: string;
  readonly connectedAtMs: number;
  readonly #socket: Socket;
  readonly #queue: SendQueue;
  readonly #limits: RelayLimits;
  readonly #nowMs: () => number;
  readonly #gga = new GgaCollector();
  #last: HeardGga | null = null;
  #sentBytes = 0;
  #skippedEpochs = 0;
  #feedId = "";
  #missedEpoch = 0; // of the feed: of this epoch and those before it nothing more may leave
  #owesHead = false; // comes from another base: all that is cached goes before its first unit
  #owed: Set<string> | null = null; // keys of what fell into skipped units
  // Written with every epoch to every rover. Doubles from the first on (NaN: none yet), so that they are written in place.
  #lastDataAtMs = Number.NaN;
  #lastEpochAtMs = Number.NaN; // arrival of the last epoch written
  #lastEpochUnixMs = Number.NaN; // its own time
  #lastEpochSentAtMs = Number.NaN;
  #gapsAtMs: number[] = [];
  #closeReason = "left";
  #firstHeard: (() => void) | null = null;

  constructor({ socket, rover, agent, gga, limits, nowMs, kernelQueue, onClosed }: RoverSessionOptions) {
    this.rover = rover;
    this.agent = agent;
    this.remoteAddress = socket.remoteAddress ?? "";
    this.connectedAtMs = nowMs();
    this.#lastDataAtMs = this.connectedAtMs;
    this.#socket = socket;
    this.#queue = new SendQueue(socket, limits, this.connectedAtMs);
    this.#limits = limits;
    this.#nowMs = nowMs;
    for (const line of gga) this.receive(Buffer.from(`${line}\n`, "latin1"));
    const watch = kernelQueue?.watch(socket, this) ?? null;
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    socket.on("end", () => this.end("left"));
    socket.on("close", () => {
      if (watch !== null) kernelQueue?.unwatch(watch);
      onClosed(this, this.#closeReason);
    });
  }

  get skippedEpochs(): number {
    return this.#skippedEpochs;
  }

  /** The last GGA; null before the first. */
  get lastGga(): HeardGga | null {
    return this.#last;
  }

  /** The last GGA as it came; null before the first. */
  get ggaSentence(): string | null {
    return this.#gga.sentence;
  }

  /** From the last GGA, when that had one. */
  get position(): Gga["position"] {
    return this.#last?.gga.position ?? null;
  }

  /** GGA heard, or what was sent seen to have arrived. */
  get lastSignOfLifeMs(): number {
    return Math.max(this.#last?.atMs ?? 0, this.#queue.lastEmptiedAtMs);
  }

  /** When the last unit was written; what was `say`ed does not count. Before the first: when it connected. */
  get lastDataAtMs(): number {
    return this.#lastDataAtMs;
  }

  /** Whether a unit would be sent now, not skipped: the moment to move it to another feed. */
  get ready(): boolean {
    return this.#queue.drained && this.#open;
  }

  /** Of the last epoch sent: from its own time to the write; null while the clocks disagree. */
  get sendLatencyMs(): number | null {
    const latencyMs = this.#lastEpochSentAtMs - this.#lastEpochUnixMs;
    return latencyMs >= LATENCY_MS.least && latencyMs <= LATENCY_MS.most ? latencyMs : null;
  }

  /** Of the last epoch sent: from its arrival to the write. */
  get relayLatencyMs(): number | null {
    return orNull(this.#lastEpochSentAtMs - this.#lastEpochAtMs);
  }

  /** In the kernel at the last look; null where it cannot be seen. */
  get unsentBytes(): number | null {
    return this.#queue.kernelBytes;
  }

  /** How often since `sinceMs` it did not drain for `roverStaleMs`; at most 32 are remembered. */
  gapsSince(sinceMs: number): number {
    return this.#gapsAtMs.filter((atMs) => atMs >= sinceMs).length;
  }

  /** What the rover sends: GGA, anything else is passed over. */
  receive(chunk: Uint8Array): void {
    for (const gga of this.#gga.push(chunk)) this.#heard(gga);
  }

  /** Its first position decides what it gets: `heard` is called at once, not with the next look. */
  onFirstGga(heard: () => void): void {
    this.#firstHeard = heard;
  }

  #heard(gga: Gga): void {
    this.#last = { gga, atMs: this.#nowMs() };
    if (gga.position === null) return;
    const heard = this.#firstHeard;
    this.#firstHeard = null;
    heard?.();
  }

  /**
   * Status line and cached frames, in one segment: AgIO gives a bare status line one second.
   * @param sentEpochNumber the feed's last epoch of which something has left: nothing more of it goes to this rover
   */
  start(head: Uint8Array, feedId = "", sentEpochNumber = 0): void {
    this.#feedId = feedId;
    this.#missedEpoch = sentEpochNumber;
    this.#write(head, this.#nowMs());
  }

  /** From here on units of another feed come, and before the first of them what is cached of it. What the old one owed is forgotten. */
  switchTo(feedId: string, sentEpochNumber = 0): void {
    if (feedId === this.#feedId) return;
    this.#feedId = feedId;
    this.#missedEpoch = sentEpochNumber;
    this.#owesHead = true;
    this.#owed = null;
  }

  /** A rover that has not drained is left out of this epoch, whole; what it must not go without comes with the next unit. */
  deliver(unit: Unit, cache: CachedFrames, nowMs: number): "sent" | "skipped" {
    if (unit.epochNumber !== 0 && unit.epochNumber <= this.#missedEpoch) return this.#owe(unit);
    if (!this.#queue.drained || nowMs - unit.arrivedAtMs > this.#limits.roverStaleMs) {
      if (unit.epochNumber !== 0) {
        this.#missedEpoch = unit.epochNumber;
        this.#skippedEpochs += 1;
      }
      return this.#owe(unit);
    }
    if (this.#owesHead || this.#owed !== null) this.#write(this.#withOwed(unit, cache, nowMs), nowMs);
    else this.#write(unit.bytes, nowMs);
    this.#lastDataAtMs = nowMs;
    if (unit.kind === "epoch") {
      this.#lastEpochAtMs = unit.arrivedAtMs;
      this.#lastEpochUnixMs = unit.epochUnixMs ?? Number.NaN;
      this.#lastEpochSentAtMs = nowMs;
    }
    return "sent";
  }

  #owe(unit: Unit): "skipped" {
    if (unit.keeps.length > 0 && !this.#owesHead) {
      this.#owed ??= new Set();
      for (const key of unit.keeps) this.#owed.add(key);
    }
    return "skipped";
  }

  #withOwed(unit: Unit, cache: CachedFrames, nowMs: number): Uint8Array {
    const owed = this.#owed;
    for (const key of unit.keeps) owed?.delete(key);
    const before = this.#owesHead ? [cache.head(nowMs)] : owed === null ? [] : cache.framesOf(owed, nowMs);
    this.#owesHead = false;
    this.#owed = null;
    return Buffer.concat([...before, unit.bytes]);
  }

  /** Whole frames that are no data of the base: a 1029 text, the ARP while it is silent. Nothing is said to who has not drained. */
  say(frames: Uint8Array): "sent" | "skipped" {
    if (!this.ready) return "skipped";
    this.#write(frames, this.#nowMs());
    return "sent";
  }

  get #open(): boolean {
    return !this.#socket.destroyed && !this.#socket.writableEnded;
  }

  #write(bytes: Uint8Array, nowMs: number): void {
    if (!this.#open) return;
    this.#queue.write(bytes, nowMs);
    this.#sentBytes += bytes.length;
  }

  /** From `KernelQueue`: what the kernel holds for this rover. @returns the age of its oldest byte, ms */
  noteUnsent(bytes: number, nowMs: number): number {
    const stalled = this.#queue.stalled;
    const ageMs = this.#queue.noteUnsent(bytes, nowMs);
    if (!stalled && this.#queue.stalled) {
      this.#gapsAtMs.push(nowMs);
      if (this.#gapsAtMs.length > GAPS_KEPT) this.#gapsAtMs.shift();
    }
    return ageMs;
  }

  /** Once a second: cuts who does not read, lets go who gets nothing. */
  tick(nowMs: number): void {
    this.#queue.tick(nowMs);
    if (this.#queue.undrainedMs(nowMs) >= this.#limits.roverUndrainedMs) this.cut("not reading");
    else if (nowMs - this.#lastDataAtMs >= this.#limits.holdMs) this.end("no data from the base");
  }

  /** What was written before still goes out. */
  end(reason: string): void {
    if (this.#socket.writableEnded || this.#socket.destroyed) return;
    this.#closeReason = reason;
    finish(this.#socket);
  }

  /** At once, and what waits is thrown away. */
  cut(reason: string): void {
    if (this.#socket.destroyed) return;
    this.#closeReason = reason;
    cut(this.#socket);
  }

  state(of: ServedBy): RoverState {
    return connectedRover(of, {
      roverId: this.rover.id,
      agent: this.agent,
      connectedAtMs: this.connectedAtMs,
      sentBytes: this.#sentBytes,
      skippedEpochs: this.#skippedEpochs,
      lastEpochAtMs: orNull(this.#lastEpochAtMs),
      lastGga: this.#last,
    });
  }
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

import { type Constellation, type Epoch, epochUnixMs } from "rtcm-parser";
import { keyOf } from "./station-cache.ts";

/** What leaves for the rovers in one write: whole frames in their order of arrival. */
export interface Unit {
  readonly bytes: Uint8Array;
  readonly frames: readonly Uint8Array[]; // the same, one by one
  readonly kind: "epoch" | "other"; // other: no observation in it
  readonly epochNumber: number; // counts the epochs of this stream from 1; pieces and stragglers share it; 0: outside any
  readonly arrivedAtMs: number; // of its first frame
  readonly epochUnixMs: number | null; // the epoch's own time; null outside any
  readonly last: boolean; // nothing more of the epoch is expected: a rover may be moved to another base behind it, or before a new epoch
  readonly keeps: readonly string[]; // keys (see `keyOf`) of the frames in it that are owed to who misses it
}

/** When the loop turn ends and when a time is over; the real ones unless a test turns the wheel itself. */
export interface Turns {
  endOfTurn(callback: () => void): void;
  /** Returns the function that cancels. */
  after(ms: number, callback: () => void): () => void;
}

export const REAL_TURNS: Turns = {
  endOfTurn: (callback) => void setImmediate(callback),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

export interface GathererOptions {
  readonly gatherMs: number;
  readonly gatherBytes: number; // more than this waits for nothing
  readonly send: (unit: Unit) => void;
  readonly turns?: Turns;
}

/**
 * Joins the frames of an epoch (docs/adr/0004). An epoch opens with the first observation of a new time; other frames
 * join an open epoch, or leave at the end of the loop turn. It closes when no further message of it is announced and
 * what was read in this turn is framed, when the time changes, or `gatherMs` after its first frame.
 * While an epoch is open, the time of each constellation is compared with itself only: leap seconds, and stations that
 * send BeiDou in GPS time, cannot tear an epoch apart.
 */
export class EpochGatherer {
  readonly #options: GathererOptions;
  readonly #turns: Turns;
  #frames: Uint8Array[] = [];
  #keeps: string[] = [];
  #bytes = 0;
  #kind: Unit["kind"] = "other";
  #arrivedAtMs = 0;
  #inEpoch = false; // what waits belongs to the epoch `#number`
  #number = 0; // of the open epoch, else of the last one
  #openedAtMs = 0;
  #unixMs = 0; // its own time
  #times: Map<Constellation, number> = new Map(); // its times as sent
  #moreAnnounced = false; // by its last observation
  #state: "none" | "open" | "announced-end" = "none";
  #sentNumber = 0;
  #turnScheduled = false;
  #cancelTimer: () => void = () => {};

  constructor(options: GathererOptions) {
    this.#options = options;
    this.#turns = options.turns ?? REAL_TURNS;
  }

  /** The last epoch of which something has left: who joins now must not get the rest of it. */
  get sentEpochNumber(): number {
    return this.#sentNumber;
  }

  /** `epoch` is null for a frame that is no observation. */
  accept(frame: Uint8Array, epoch: Epoch | null, atMs: number): void {
    if (epoch !== null) this.#observe(epoch, atMs);
    if (this.#frames.length === 0) this.#arrivedAtMs = atMs;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    const key = keyOf(frame);
    if (key !== null) this.#keeps.push(key);
    if (epoch !== null) this.#kind = "epoch";
    this.#inEpoch ||= epoch !== null || this.#state !== "none";
    if (this.#bytes >= this.#options.gatherBytes) this.#send(false);
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    this.#turns.endOfTurn(() => {
      this.#turnScheduled = false;
      if (this.#state !== "open") this.#close(!this.#moreAnnounced);
    });
  }

  /** Sends what is there: the source ended, nothing more comes. */
  flush(): void {
    this.#moreAnnounced = false;
    this.#close(true);
  }

  /** Throws away what waits: the stream must not be relayed. @returns how many frames that were */
  discard(): number {
    const discarded = this.#frames.length;
    this.#reset();
    this.#moreAnnounced = false;
    this.#close(true);
    return discarded;
  }

  #close(last: boolean): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    this.#state = "none";
    this.#send(last);
  }

  #observe(epoch: Epoch, atMs: number): void {
    const { constellation, epochRaw, multipleMessage } = epoch;
    const known = this.#times.get(constellation);
    const unixMs = epochUnixMs(epoch, atMs);
    if (this.#state === "none" && (known === undefined ? this.#number > 0 && sameTimeOfDay(unixMs, this.#unixMs) : known === epochRaw)) {
      this.#times.set(constellation, epochRaw); // a straggler of the epoch that has left
      this.#moreAnnounced = multipleMessage;
      // Legacy observations ended it, MSM of the same time follow (rtkbase): gather on while its time is not over.
      const leftMs = this.#openedAtMs + this.#options.gatherMs - atMs;
      if (multipleMessage && leftMs > 0) this.#open(leftMs);
      return;
    }
    if (this.#state !== "none" && known !== undefined && known !== epochRaw) this.#close(true);
    if (this.#state === "none") {
      // What came before it in this turn belongs to no epoch, or to the one that has left.
      if (this.#inEpoch) this.#send(true);
      this.#times = new Map();
      this.#number += 1;
      this.#unixMs = unixMs;
      this.#openedAtMs = atMs;
      this.#open(this.#options.gatherMs);
    }
    this.#times.set(constellation, epochRaw);
    this.#moreAnnounced = multipleMessage;
    this.#state = multipleMessage ? "open" : "announced-end";
  }

  #open(forMs: number): void {
    this.#state = "open";
    this.#cancelTimer = this.#turns.after(forMs, () => this.#close(!this.#moreAnnounced));
  }

  #send(last: boolean): void {
    const frames = this.#frames;
    const [first] = frames;
    if (first === undefined) return;
    const unit: Unit = {
      bytes: frames.length === 1 ? first : Buffer.concat(frames, this.#bytes),
      frames,
      kind: this.#kind,
      epochNumber: this.#inEpoch ? this.#number : 0,
      arrivedAtMs: this.#arrivedAtMs,
      epochUnixMs: this.#inEpoch ? this.#unixMs : null,
      last,
      keeps: this.#keeps,
    };
    if (this.#inEpoch) this.#sentNumber = this.#number;
    this.#reset();
    this.#options.send(unit);
  }

  #reset(): void {
    this.#frames = [];
    this.#keeps = [];
    this.#bytes = 0;
    this.#kind = "other";
    this.#inEpoch = false;
  }
}

/** GLONASS does not send the day, and our own clock may be wrong by more than half of one. */
const sameTimeOfDay = (aUnixMs: number, bUnixMs: number): boolean => (aUnixMs - bUnixMs) % 86_400_000 === 0;

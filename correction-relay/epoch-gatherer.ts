import type { Constellation, Epoch } from "rtcm-parser";

/** What leaves for the rovers in one write: whole frames in their order of arrival. */
export interface Unit {
  readonly bytes: Uint8Array;
  readonly kind: "epoch" | "other"; // other: no observation in it
  readonly arrivedAtMs: number; // of its first frame
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
 * The time of each constellation is compared with itself only: leap seconds, and stations that send BeiDou in GPS time,
 * cannot tear an epoch apart.
 */
export class EpochGatherer {
  readonly #options: GathererOptions;
  readonly #turns: Turns;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #kind: Unit["kind"] = "other";
  #arrivedAtMs = 0;
  #times: Map<Constellation, number> = new Map(); // of the open epoch, else of the last one
  #state: "none" | "open" | "announced-end" = "none";
  #turnScheduled = false;
  #cancelTimer: () => void = () => {};

  constructor(options: GathererOptions) {
    this.#options = options;
    this.#turns = options.turns ?? REAL_TURNS;
  }

  /** `epoch` is null for a frame that is no observation. */
  accept(frame: Uint8Array, epoch: Epoch | null, atMs: number): void {
    if (epoch !== null) this.#observe(epoch);
    if (this.#frames.length === 0) this.#arrivedAtMs = atMs;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (epoch !== null) this.#kind = "epoch";
    if (this.#bytes >= this.#options.gatherBytes) this.#send();
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    this.#turns.endOfTurn(() => {
      this.#turnScheduled = false;
      if (this.#state !== "open") this.flush();
    });
  }

  /** Sends what is there: the source ended, or its time is over. */
  flush(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    this.#state = "none";
    this.#send();
  }

  #observe({ constellation, epochRaw, multipleMessage }: Epoch): void {
    const known = this.#times.get(constellation);
    if (this.#state === "none" && known === epochRaw) return; // a straggler of the epoch that has left
    if (this.#state !== "none" && known !== undefined && known !== epochRaw) this.flush();
    if (this.#state === "none") {
      this.#times = new Map();
      this.#cancelTimer = this.#turns.after(this.#options.gatherMs, () => this.flush());
    }
    this.#times.set(constellation, epochRaw);
    this.#state = multipleMessage ? "open" : "announced-end";
  }

  #send(): void {
    if (this.#frames.length === 0) return;
    const [first] = this.#frames;
    const bytes = this.#frames.length === 1 && first ? first : Buffer.concat(this.#frames, this.#bytes);
    const unit: Unit = { bytes, kind: this.#kind, arrivedAtMs: this.#arrivedAtMs };
    this.#frames = [];
    this.#bytes = 0;
    this.#kind = "other";
    this.#options.send(unit);
  }
}

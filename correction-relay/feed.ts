import type { Ecef } from "rtcm-parser";
import type { Unit } from "./epoch-gatherer.ts";
import { type FeedForm, type Former, formerOf } from "./feed-forms.ts";
import type { RoverSession } from "./rover.ts";
import { type CachedFrames, movedCache } from "./station-cache.ts";

export interface FeedOptions {
  readonly id: string; // its base's and its form's: what a rover was sent of one feed says nothing about another
  readonly form: FeedForm;
  readonly arpOffset: Ecef | null;
  readonly cache: CachedFrames;
  /** The last epoch of which something has left. */
  readonly sentEpochNumber: () => number;
}

/** One form of a base's stream, and the rovers that get it. Each unit is made once, however many they are. */
export class Feed {
  readonly id: string;
  readonly #o: FeedOptions;
  readonly #cache: CachedFrames;
  readonly #rovers = new Set<RoverSession>();
  readonly #coming = new Map<RoverSession, { readonly afterEpoch: number; readonly arrived: () => void }>();
  readonly #former: Former; // over source sessions and pauses too: it sees by itself what did not go on

  constructor(options: FeedOptions) {
    this.id = options.id;
    this.#o = options;
    this.#cache = options.arpOffset === null ? options.cache : movedCache(options.cache, options.arpOffset);
    this.#former = formerOf(options.form, options.arpOffset);
  }

  get rovers(): ReadonlySet<RoverSession> {
    return this.#rovers;
  }

  /** Joined, or about to. */
  get wanted(): boolean {
    return this.#rovers.size > 0 || this.#coming.size > 0;
  }

  get cache(): CachedFrames {
    return this.#cache;
  }

  /** A new rover: the status line and what is cached leave in one segment. */
  join(rover: RoverSession, statusLine: string, nowMs: number): void {
    rover.start(Buffer.concat([Buffer.from(statusLine, "latin1"), this.#cache.head(nowMs)]), this.id, this.#o.sentEpochNumber());
    this.#rovers.add(rover);
  }

  /** A rover of another feed: it comes with the first whole epoch from now on, ARP and descriptors before it. */
  comeWithNextEpoch(rover: RoverSession, arrived: () => void): void {
    this.#coming.set(rover, { afterEpoch: this.#o.sentEpochNumber(), arrived });
  }

  leave(rover: RoverSession): void {
    this.#rovers.delete(rover);
    this.#coming.delete(rover);
  }

  /** @returns how many rovers missed it */
  send(unit: Unit, nowMs: number): number {
    if (!this.wanted) return 0;
    const formed = this.#former.apply(unit);
    if (formed === null) return 0;
    const cache = this.#cache;
    let skipped = 0;
    for (const rover of this.#rovers) if (rover.deliver(formed, cache, nowMs) === "skipped") skipped += 1;
    if (this.#coming.size > 0 && formed.kind === "epoch") this.#takeIn(formed, nowMs);
    return skipped;
  }

  #takeIn(unit: Unit, nowMs: number): void {
    for (const [rover, { afterEpoch, arrived }] of this.#coming) {
      if (unit.epochNumber <= afterEpoch || !rover.ready) continue;
      this.#coming.delete(rover);
      rover.switchTo(this.id);
      rover.deliver(unit, this.#cache, nowMs);
      this.#rovers.add(rover);
      arrived();
    }
  }
}

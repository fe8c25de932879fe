import { type Ecef, messageType, withArpOffset } from "rtcm-parser";

/** RTCM 10403.3: where the base is, what it is, its GLONASS biases. In this order they go to a rover: ARP first. */
const STATION_SLOTS = ["arp", "antenna", "1033", "1230"] as const;
const SLOT_OF_TYPE: ReadonlyMap<number, string> = new Map([
  [1005, "arp"], // with or without a height: the newest says where the base is
  [1006, "arp"],
  [1007, "antenna"],
  [1008, "antenna"],
  [1033, "1033"],
  [1230, "1230"],
]);
/** Ephemerides: the satellite id (DF009, DF038, DF488, DF429, DF252) follows the 12 bits of the type. */
const SATELLITE_BITS: ReadonlyMap<number, 4 | 6> = new Map([
  [1019, 6],
  [1020, 6],
  [1042, 6],
  [1044, 4],
  [1045, 6],
  [1046, 6],
]);
export const EPHEMERIS_MAX_AGE_MS = 4 * 3_600_000; // GPS: two hours on either side of its toe

/**
 * The key of a frame that a rover must not go without: "1005" or "1019/12" (type/satellite); null for all others.
 * Keys of one slot are told apart, so that a unit says what was in it; `StationCache` knows that 1006 stands in for 1005.
 */
export function keyOf(frame: Uint8Array): string | null {
  const type = messageType(frame);
  if (type === null) return null;
  if (SLOT_OF_TYPE.has(type)) return String(type);
  const bits = SATELLITE_BITS.get(type);
  if (bits === undefined || frame.length < 9) return null;
  const following = (((frame[4] as number) & 0x0f) << 8) | (frame[5] as number);
  return `${type}/${following >> (12 - bits)}`;
}

/** What is kept of a base, as one form of its stream sends it. */
export interface CachedFrames {
  get(key: string): Uint8Array | undefined;
  head(nowMs: number): Uint8Array;
  framesOf(keys: ReadonlySet<string>, nowMs: number): readonly Uint8Array[];
}

interface Kept {
  readonly frame: Uint8Array;
  atMs: number;
}

/**
 * What a rover needs beside the observations, the newest of each kind; bounded by the kinds there are: four of
 * the station and 336 ephemerides.
 */
export class StationCache implements CachedFrames {
  readonly #station = new Map<string, Kept>(); // by slot
  readonly #ephemerides = new Map<string, Kept>(); // by key
  #head: { readonly bytes: Uint8Array; readonly untilMs: number } | null = null; // 10,000 rovers at once ask for the same one

  /** Copies the frame if it is one to keep. @returns its key, else null */
  put(frame: Uint8Array, atMs: number): string | null {
    const key = keyOf(frame);
    if (key === null) return null;
    const slot = slotOf(key);
    const kept = slot === null ? this.#ephemerides : this.#station;
    const name = slot ?? key;
    const known = kept.get(name);
    if (known !== undefined && Buffer.compare(known.frame, frame) === 0) {
      known.atMs = atMs;
      return key;
    }
    kept.set(name, { frame: new Uint8Array(frame), atMs }); // not slice(): a Buffer's is no copy
    this.#head = null;
    return key;
  }

  /** The newest frame under a key; a 1006 for "1005" when that is what the base sends now, a 1008 for "1007", and the other way round. */
  get(key: string): Uint8Array | undefined {
    const slot = slotOf(key);
    return (slot === null ? this.#ephemerides.get(key) : this.#station.get(slot))?.frame;
  }

  /** All of it for a rover that joins: 1005/1006, 1007/1008, 1033, 1230, ephemerides that are not too old. */
  head(nowMs: number): Uint8Array {
    if (this.#head !== null && nowMs < this.#head.untilMs) return this.#head.bytes;
    const frames = STATION_SLOTS.flatMap((slot) => this.#station.get(slot)?.frame ?? []);
    let untilMs = Number.POSITIVE_INFINITY;
    for (const [key, { frame, atMs }] of this.#ephemerides) {
      if (nowMs - atMs >= EPHEMERIS_MAX_AGE_MS) {
        this.#ephemerides.delete(key);
        continue;
      }
      frames.push(frame);
      untilMs = Math.min(untilMs, atMs + EPHEMERIS_MAX_AGE_MS);
    }
    const bytes = Buffer.concat(frames);
    this.#head = { bytes, untilMs };
    return bytes;
  }

  /** The frames under these keys, in the order of `head`; what is not there or too old is left out. */
  framesOf(keys: ReadonlySet<string>, nowMs: number): Uint8Array[] {
    const slots = new Set<string>();
    const ephemerides: Uint8Array[] = [];
    for (const key of keys) {
      const slot = slotOf(key);
      if (slot !== null) slots.add(slot);
      else {
        const kept = this.#ephemerides.get(key);
        if (kept !== undefined && nowMs - kept.atMs < EPHEMERIS_MAX_AGE_MS) ephemerides.push(kept.frame);
      }
    }
    return [...STATION_SLOTS.flatMap((slot) => (slots.has(slot) ? (this.#station.get(slot)?.frame ?? []) : [])), ...ephemerides];
  }

  /** A new source session begins, or the old one's memory is over. */
  clear(): void {
    this.#station.clear();
    this.#ephemerides.clear();
    this.#head = null;
  }
}

/** The same cache with the reference point moved by `offset` (ECEF, m): the base under another datum. */
export function movedCache(cache: CachedFrames, offset: Ecef): CachedFrames {
  let from: Uint8Array | null = null;
  let moved: Uint8Array = new Uint8Array(0);
  return {
    get(key) {
      const frame = cache.get(key);
      return frame && withArpOffset(frame, offset);
    },
    head(nowMs) {
      const head = cache.head(nowMs);
      if (head === from) return moved;
      const arp = cache.get("1005");
      from = head;
      moved = arp === undefined ? head : Buffer.concat([withArpOffset(arp, offset), head.subarray(arp.length)]); // it comes first
      return moved;
    },
    framesOf: (keys, nowMs) => cache.framesOf(keys, nowMs).map((frame) => withArpOffset(frame, offset)),
  };
}

const slotOf = (key: string): string | null => (key.length === 4 ? (SLOT_OF_TYPE.get(Number(key)) ?? null) : null);

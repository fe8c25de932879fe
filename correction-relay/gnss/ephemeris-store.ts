import { type Constellation, decodeMessage, messageType, RtcmError } from "rtcm-parser";
import { type Ephemeris, ephemerisOf } from "./ephemeris.ts";
import { circleDifference, type Navigation } from "./physical-constants.ts";
import { isValidAt, periodS, type SatelliteState, satelliteState } from "./satellite-orbit.ts";

const TYPES = new Set([1019, 1020, 1042, 1044, 1045, 1046]);
/** Longest validity of a system. Weeks and days are ambiguous in the messages, so what was not heard for so long must go. */
const FORGET_MS = 6 * 3_600_000;
const TIDY_MS = 600_000;
/** Sets kept of one satellite and message: the one in use, its successor, and what a lagging base still repeats. */
const SETS_MAX = 4;

interface Kept {
  readonly ephemeris: Ephemeris;
  readonly crc: number;
  readonly firstHeard: number; // a count, not a time
  heardAtMs: number;
}

/** Is this frame one for `EphemerisStore.put`? */
export function isEphemeris(frame: Uint8Array): boolean {
  return TYPES.has(messageType(frame) ?? 0);
}

/**
 * The broadcast ephemerides of all mounts together. At most four sets of each satellite, and none that was not heard for six hours;
 * message fields bound the satellites (6 bits), so it cannot grow beyond about 1,300 sets.
 */
export class EphemerisStore {
  readonly #bySatellite = new Map<string, Kept[]>();
  #tidiedAtMs: number | null = null;
  #heard = 0;
  #unreadable = 0;
  #dropped = 0;

  /** Sets kept now; frames that could not be read; sets that went for want of room or of news. */
  get counters(): { readonly sets: number; readonly unreadable: number; readonly dropped: number } {
    let sets = 0;
    for (const kept of this.#bySatellite.values()) sets += kept.length;
    return { sets, unreadable: this.#unreadable, dropped: this.#dropped };
  }

  /**
   * @param atMs any clock that only goes forward: it tells how long ago a set was last heard, not when its orbit is valid
   * @returns whether the frame was an ephemeris
   */
  put(frame: Uint8Array, atMs: number): boolean {
    if (!isEphemeris(frame)) return false;
    this.#tidy(atMs);
    const end = frame.length;
    const crc = ((frame[end - 3] as number) << 16) | ((frame[end - 2] as number) << 8) | (frame[end - 1] as number);
    const ephemeris = this.#read(frame);
    if (ephemeris === null) return true;
    const key = keyOf(ephemeris.constellation, ephemeris.satelliteId, ephemeris.message);
    const kept = this.#fresh(this.#bySatellite.get(key) ?? [], atMs);
    const same = kept.find((one) => one.crc === crc);
    if (same === undefined) this.#bySatellite.set(key, this.#withNew(kept, { ephemeris, crc, firstHeard: this.#heard, heardAtMs: atMs }));
    else same.heardAtMs = atMs;
    return true;
  }

  /** The newest healthy ephemeris that is valid then (system's own time, see `satelliteState`); null: none, or the newest says unhealthy. */
  newest(constellation: Constellation, satelliteId: number, systemS: number): Ephemeris | null {
    const found = this.latest(constellation, satelliteId, systemS);
    return found?.healthy === true ? found : null;
  }

  /** As `newest`, healthy or not. */
  latest(constellation: Constellation, satelliteId: number, systemS: number): Ephemeris | null {
    for (const message of MESSAGES[constellation] ?? []) {
      const found = newestOf(this.#bySatellite.get(keyOf(constellation, satelliteId, message)), systemS);
      if (found !== null) return found;
    }
    return null;
  }

  /** Position and clock by the newest ephemeris, or null. */
  at(constellation: Constellation, satelliteId: number, systemS: number): SatelliteState | null {
    const ephemeris = this.newest(constellation, satelliteId, systemS);
    return ephemeris === null ? null : satelliteState(ephemeris, systemS);
  }

  /** Lets go of satellites that nobody speaks of any more. */
  #tidy(atMs: number): void {
    if (this.#tidiedAtMs !== null && atMs - this.#tidiedAtMs < TIDY_MS) return;
    this.#tidiedAtMs = atMs;
    for (const [key, kept] of this.#bySatellite) {
      const fresh = this.#fresh(kept, atMs);
      if (fresh.length === 0) this.#bySatellite.delete(key);
      else this.#bySatellite.set(key, fresh);
    }
  }

  #withNew(kept: readonly Kept[], set: Kept): Kept[] {
    const { referenceS, issue } = set.ephemeris;
    this.#heard += 1;
    // The same issue with other content: a correction, or a satellite that turned unhealthy.
    const sets = kept.filter((one) => one.ephemeris.referenceS !== referenceS || one.ephemeris.issue !== issue);
    sets.push(set);
    if (sets.length > SETS_MAX) {
      sets.shift();
      this.#dropped += 1;
    }
    return sets;
  }

  #read(frame: Uint8Array): Ephemeris | null {
    try {
      return ephemerisOf(decodeMessage(frame));
    } catch (error) {
      if (!(error instanceof RtcmError)) throw error;
      this.#unreadable += 1;
      return null;
    }
  }

  #fresh(kept: Kept[], atMs: number): Kept[] {
    const fresh = kept.filter((one) => atMs - one.heardAtMs <= FORGET_MS);
    this.#dropped += kept.length - fresh.length;
    return fresh;
  }
}

/** In the order of preference: the clock of I/NAV is that of E1 and E5b, which receivers in the field track. */
const MESSAGES: Readonly<Partial<Record<Constellation, readonly Ephemeris["message"][]>>> = {
  GPS: ["1019"],
  QZSS: ["1044"],
  GALILEO: ["1046", "1045"],
  BEIDOU: ["1042"],
  GLONASS: ["1020"],
};

const keyOf = (constellation: Constellation | Navigation, satelliteId: number, message: string): string => `${message}/${constellation}/${satelliteId}`;

function newestOf(kept: readonly Kept[] | undefined, systemS: number): Ephemeris | null {
  let best: Kept | null = null;
  for (const one of kept ?? []) {
    if (!isValidAt(one.ephemeris, systemS)) continue;
    if (best === null || isNewer(one, best)) best = one;
  }
  return best?.ephemeris ?? null;
}

/** By reference time; a second set for the same time is an upload that came later. */
function isNewer(a: Kept, b: Kept): boolean {
  const laterS = circleDifference(a.ephemeris.referenceS, b.ephemeris.referenceS, periodS(a.ephemeris.constellation));
  return laterS > 0 || (laterS === 0 && a.firstHeard > b.firstHeard);
}

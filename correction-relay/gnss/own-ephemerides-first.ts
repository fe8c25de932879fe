import type { Constellation } from "rtcm-parser";
import type { Ephemeris } from "./ephemeris.ts";
import type { EphemerisStore } from "./ephemeris-store.ts";

/** Where a check gets the orbit of a satellite from: the newest healthy ephemeris valid at the system's own time, or null. */
export interface Ephemerides {
  newest(constellation: Constellation, satelliteId: number, systemS: number): Ephemeris | null;
}

/** What a base itself sends goes before the pool: another mount may replay a recording, or be wrong. */
export class OwnEphemeridesFirst implements Ephemerides {
  readonly #own: EphemerisStore;
  readonly #pool: EphemerisStore | null;

  constructor(own: EphemerisStore, pool: EphemerisStore | null) {
    this.#own = own;
    this.#pool = pool;
  }

  newest(constellation: Constellation, satelliteId: number, systemS: number): Ephemeris | null {
    const found = this.#own.latest(constellation, satelliteId, systemS) ?? this.#pool?.latest(constellation, satelliteId, systemS) ?? null;
    return found?.healthy === true ? found : null;
  }
}

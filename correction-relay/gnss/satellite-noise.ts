import type { PhasePoint } from "./phase-epoch.ts";
import type { Navigation } from "./physical-constants.ts";

/**
 * What a satellite's range is expected to stray by in ten seconds, at the zenith, before anything is known of it, m: its clock (rubidium and
 * caesium of GPS and GLONASS wander by a centimetre, masers by a millimetre), the air, and for GLONASS broadcast speeds rounded to 1 mm/s.
 */
const EXPECTED_M: Readonly<Record<Navigation, number>> = { GPS: 0.003, GALILEO: 0.0025, QZSS: 0.003, BEIDOU: 0.003, GLONASS: 0.006 };
/** A displacement that stays is told from one that returns in ten seconds, so that is the time over which straying counts. */
const STRAY_S = 10;
/** How long a satellite is watched until its own record outweighs the expectation. */
const RECORD_S = 60;
const FORGET_S = 600;
const SIGMA_MIN_M = 0.002;

interface Straying {
  straysM: number; // sum of its residuals that fades within ten seconds
  variance: number;
  seenS: number;
  quietS: number;
}

/**
 * How far each satellite strays by itself. A receiver's own noise comes and goes from epoch to epoch; a satellite's clock walks, and its
 * steps add up to what looks like a moved antenna. Kept for the satellites in view and ten minutes longer.
 */
export class SatelliteNoise {
  readonly #records = new Map<string, Straying>();

  /** One sigma of ten seconds, m. */
  sigmaM(satellite: string, { constellation, model }: PhasePoint): number {
    const expectedM = EXPECTED_M[constellation] / Math.sin(model.elevationRad);
    const record = this.#records.get(satellite);
    if (record === undefined) return expectedM;
    const own = Math.min(record.seenS, RECORD_S * 4);
    const variance = (expectedM * expectedM * RECORD_S + record.variance * own) / (RECORD_S + own);
    return Math.max(SIGMA_MIN_M, Math.sqrt(variance));
  }

  learn(residualsM: ReadonlyMap<string, number>, spanS: number): void {
    const fade = Math.exp(-spanS / STRAY_S);
    for (const [satellite, record] of this.#records) {
      record.quietS += spanS;
      if (record.quietS > FORGET_S) this.#records.delete(satellite);
    }
    for (const [satellite, residualM] of residualsM) {
      const record = this.#records.get(satellite) ?? { straysM: 0, variance: 0, seenS: 0, quietS: 0 };
      record.straysM = record.straysM * fade + residualM;
      record.seenS += spanS;
      record.quietS = 0;
      const share = Math.min(1, spanS / Math.min(record.seenS, RECORD_S));
      record.variance += share * (record.straysM * record.straysM - record.variance);
      this.#records.set(satellite, record);
    }
  }
}

/** Ambiguity of the L1 pseudorange, m: c × 1 ms for GPS (1001..1004), c × 2 ms for GLONASS (1009..1012). */
const GPS_MODULUS_M = 299_792.458;
const GLONASS_MODULUS_M = 599_584.916;

/** A satellite of 1002, 1004, 1010 or 1012; without the modulus (1001, 1003, 1009, 1011) no range is whole. */
interface ExtendedSatellite {
  readonly frequencyChannel?: number;
  readonly l1PseudorangeM: number;
  readonly l1AmbiguityModulus: number;
  readonly l1PhaseMinusPseudorangeM: number | null;
  readonly l2MinusL1PseudorangeM?: number | null;
  readonly l2PhaseMinusL1PseudorangeM?: number | null;
}

export interface LegacyRanges {
  readonly l1PseudorangeM: number;
  readonly l1PhaseRangeM: number | null;
  readonly l2PseudorangeM: number | null;
  readonly l2PhaseRangeM: number | null;
}

/**
 * Whole ranges, m. All are sent as differences to the L1 pseudorange. The sender wraps phase differences at
 * ±1500 cycles: a jump by 1500 cycles is no slip.
 */
export function legacyRanges(satellite: ExtendedSatellite): LegacyRanges {
  const modulusM = satellite.frequencyChannel === undefined ? GPS_MODULUS_M : GLONASS_MODULUS_M;
  const l1M = satellite.l1PseudorangeM + satellite.l1AmbiguityModulus * modulusM;
  const plus = (differenceM: number | null | undefined): number | null => (differenceM == null ? null : l1M + differenceM);
  return {
    l1PseudorangeM: l1M,
    l1PhaseRangeM: plus(satellite.l1PhaseMinusPseudorangeM),
    l2PseudorangeM: plus(satellite.l2MinusL1PseudorangeM),
    l2PhaseRangeM: plus(satellite.l2PhaseMinusL1PseudorangeM),
  };
}

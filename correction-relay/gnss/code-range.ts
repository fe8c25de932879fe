import { ionosphereFactor } from "./atmosphere.ts";
import { codeDelayS } from "./code-delay.ts";
import type { Ephemeris } from "./ephemeris.ts";
import type { ObservationEpoch, SatelliteObservation, SystemObservation } from "./observation-epoch.ts";
import type { Ephemerides } from "./own-ephemerides-first.ts";
import { epochSecondsOf, isNavigation } from "./phase-epoch.ts";
import { EARTH_RAD_PER_S, L1_HZ, LIGHT_MPS, type Navigation } from "./physical-constants.ts";
import { satelliteState } from "./satellite-orbit.ts";

/** A code range of one satellite, clock and group delay of the satellite taken out; its position at transmission. */
export interface CodeRange {
  readonly constellation: Navigation;
  readonly satelliteId: number;
  readonly xM: number;
  readonly yM: number;
  readonly zM: number;
  readonly earthRadPerS: number;
  readonly rangeM: number;
  /** How often the ionosphere's delay of L1 is still in it: 0 when two frequencies have removed it. */
  readonly ionosphere: number;
  /** For the ionosphere's model, s of the GPS day. */
  readonly dayS: number;
}

interface Code {
  readonly frequencyHz: number;
  readonly rangeM: number; // group delay taken out
}
interface Codes {
  readonly satelliteId: number;
  readonly ephemeris: Ephemeris;
  readonly sentByClockS: number;
  readonly first: Code;
  readonly second: Code | null;
}

/** Below this ratio two frequencies are apart enough to tell the ionosphere. */
const APART_RATIO = 0.9;
/** A system is used with two frequencies when so many of its satellites have them, and this share; never half of it so, half the other way. */
const DUAL_MIN = 4;
const DUAL_SHARE = 0.6;

export interface CodeRanges {
  readonly ranges: readonly CodeRange[];
  /** Satellites with a code range, and those of them that have a valid ephemeris. */
  readonly observed: number;
  readonly known: number;
}

export function codeRangesOf(epoch: ObservationEpoch, ephemerides: Ephemerides): CodeRanges {
  const ranges: CodeRange[] = [];
  let observed = 0;
  let known = 0;
  for (const system of epoch.systems) {
    if (!isNavigation(system.constellation)) continue;
    const codes = system.satellites.flatMap((satellite) => codesOf(system, satellite, ephemerides) ?? []);
    observed += system.satellites.filter(({ signals }) => signals.some(({ pseudorangeM }) => pseudorangeM !== null)).length;
    known += codes.length;
    const dual = codes.filter(({ second }) => second !== null);
    const useBoth = dual.length >= Math.max(DUAL_MIN, DUAL_SHARE * codes.length);
    for (const one of useBoth ? dual : codes) ranges.push(rangeOf(one, useBoth));
  }
  return { ranges, observed, known };
}

function codesOf(system: SystemObservation, { satelliteId, signals }: SatelliteObservation, ephemerides: Ephemerides): Codes | null {
  const pseudorangeM = signals.find((signal) => signal.pseudorangeM !== null)?.pseudorangeM ?? null;
  if (pseudorangeM === null) return null;
  const epochS = epochSecondsOf(system);
  const ephemeris = ephemerides.newest(system.constellation, satelliteId, epochS);
  if (ephemeris === null) return null;
  const codes = signals.flatMap((signal): Code[] => {
    const delayS = codeDelayS(ephemeris, signal);
    return signal.pseudorangeM === null || delayS === null ? [] : [{ frequencyHz: signal.frequencyHz, rangeM: signal.pseudorangeM - LIGHT_MPS * delayS }];
  });
  codes.sort((a, b) => Math.abs(a.frequencyHz - L1_HZ) - Math.abs(b.frequencyHz - L1_HZ));
  const first = codes[0];
  if (first === undefined) return null;
  const second = codes.find(({ frequencyHz }) => frequencyHz < APART_RATIO * first.frequencyHz) ?? null;
  return { satelliteId, ephemeris, sentByClockS: epochS - pseudorangeM / LIGHT_MPS, first, second };
}

function rangeOf({ satelliteId, ephemeris, sentByClockS, first, second }: Codes, useBoth: boolean): CodeRange {
  const rough = satelliteState(ephemeris, sentByClockS);
  const { xM, yM, zM, clockS } = satelliteState(ephemeris, sentByClockS - rough.clockS);
  const { constellation } = ephemeris;
  const free = useBoth && second !== null;
  const codeM = free ? ionosphereFreeM(first, second) : first.rangeM;
  const dayS = (constellation === "GLONASS" ? sentByClockS - 3 * 3600 : sentByClockS) % 86_400;
  return {
    ...{ constellation, satelliteId, xM, yM, zM, dayS },
    earthRadPerS: EARTH_RAD_PER_S[constellation],
    rangeM: codeM + LIGHT_MPS * clockS,
    ionosphere: free ? 0 : ionosphereFactor(first.frequencyHz),
  };
}

function ionosphereFreeM(first: Code, second: Code): number {
  const ratio2 = (first.frequencyHz / second.frequencyHz) ** 2;
  return (ratio2 * first.rangeM - second.rangeM) / (ratio2 - 1);
}

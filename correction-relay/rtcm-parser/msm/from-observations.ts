import type { MsmHead } from "./header.ts";
import { lockIndicatorFor } from "./lock-time.ts";
import { LIGHT_M_PER_MS, type MsmSatellite, type MsmSentCell, type MsmToSend } from "./message.ts";

/** One signal of one satellite, in physical units, as a receiver or a simulator knows it. */
export interface Observation {
  readonly satelliteId: number;
  readonly signalId: number;
  readonly pseudorangeM: number;
  /** Within 1171 m of the rough range: the sender shifts it by whole cycles. null: not tracked. */
  readonly phaseRangeM: number | null;
  readonly rangeRateMps: number | null;
  readonly cnrDbHz: number | null;
  readonly lockMs: number;
  readonly halfCycle: boolean;
  /** -7..6; GLONASS only. */
  readonly glonassChannel?: number;
}

/** The head of a message to be sent; what is left out is 0 or "no". */
export type HeadToSend = Pick<MsmHead, "constellation" | "stationId" | "epochMs" | "multipleMessage"> & { readonly msm: 4 | 5 | 6 | 7 } & Partial<
    Omit<MsmHead, "type" | "msm">
  >;

const UNKNOWN_CHANNEL = 15;

/**
 * Puts an MSM4..7 together from observations in metres. The rough range of a satellite is that of its first signal.
 * Satellites × signals must not pass 64: split them over two messages with `multipleMessage` before.
 * `encodeMessage` throws OUT_OF_RANGE when a signal is too far (293 m, 1171 m, 1.6 m/s) from its satellite's rough values.
 */
export function msmFromObservations(head: HeadToSend, observations: readonly Observation[]): MsmToSend {
  const satellites = new Map<number, MsmSatellite>();
  for (const first of observations) {
    if (!satellites.has(first.satelliteId)) satellites.set(first.satelliteId, satelliteOf(head, first));
  }
  return {
    ...{ iods: 0, reserved: 0, clockSteering: 0, externalClock: 0, divergenceFreeSmoothing: false, smoothingInterval: 0, dayOfWeek: null },
    ...head,
    kind: "msm",
    signalIds: [...new Set(observations.map((observation) => observation.signalId))].sort((a, b) => a - b),
    satellites: [...satellites.values()].sort((a, b) => a.satelliteId - b.satelliteId),
    cells: observations.map((observation) => cellOf(head, satellites.get(observation.satelliteId) as MsmSatellite, observation)),
  };
}

function satelliteOf({ msm, constellation }: HeadToSend, { satelliteId, pseudorangeM, rangeRateMps, glonassChannel }: Observation): MsmSatellite {
  const roughMs = Math.round((pseudorangeM / LIGHT_M_PER_MS) * 1024) / 1024;
  const channel = glonassChannel === undefined ? UNKNOWN_CHANNEL : glonassChannel + 7;
  const hasRates = msm === 5 || msm === 7;
  return {
    satelliteId,
    wholeMs: Math.floor(roughMs),
    modMs: roughMs - Math.floor(roughMs),
    extendedInfo: hasRates ? (constellation === "GLONASS" ? channel : 0) : null,
    roughRateMps: hasRates && rangeRateMps !== null ? Math.round(rangeRateMps) : null,
  };
}

function cellOf({ msm }: HeadToSend, satellite: MsmSatellite, observation: Observation): MsmSentCell {
  const { satelliteId, signalId, pseudorangeM, phaseRangeM, rangeRateMps, cnrDbHz, lockMs, halfCycle } = observation;
  const roughMs = (satellite.wholeMs ?? 0) + satellite.modMs;
  const rate = satellite.roughRateMps !== null && rangeRateMps !== null ? rangeRateMps - satellite.roughRateMps : null;
  return {
    satelliteId,
    signalId,
    finePseudorangeMs: pseudorangeM / LIGHT_M_PER_MS - roughMs,
    finePhaseRangeMs: phaseRangeM === null ? null : phaseRangeM / LIGHT_M_PER_MS - roughMs,
    fineRateMps: rate,
    lockIndicator: lockIndicatorFor(msm, lockMs),
    halfCycle,
    cnrDbHz,
  };
}

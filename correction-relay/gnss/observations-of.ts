import { type Constellation, frequencyHz, legacyMinLockS, legacyRanges, type MsmMessage, type RtcmMessage } from "rtcm-parser";
import type { SatelliteObservation, SignalObservation, SystemObservation } from "./observation-epoch.ts";
import { LIGHT_MPS } from "./physical-constants.ts";

const WRAP_CYCLES = 1500;
const SBAS_FIRST_ID = 40; // in 1001..1004
/** MSM signal ids of what a legacy observable says of its code: DF010, DF016; DF039, DF046. */
const LEGACY_SIGNALS = { GPS: { first: [2, 3], second: [16, 9, 10, 10] }, GLONASS: { first: [2, 3], second: [8, 9] } } as const;

/** What a message observes, with the station that says it; null for messages without whole ranges (MSM1–3, 1001, 1003 … and all others). */
export function observationsOf(message: RtcmMessage): (SystemObservation & { readonly stationId: number }) | null {
  switch (message.kind) {
    case "msm":
      return message.msm >= 4 ? msmSystem(message) : null;
    case "1002":
    case "1004":
      return legacySystem("GPS", message);
    case "1010":
    case "1012":
      return legacySystem("GLONASS", message);
    default:
      return null;
  }
}

function msmSystem(message: MsmMessage): SystemObservation & { readonly stationId: number } {
  const { constellation } = message;
  const signals = new Map<number, SignalObservation[]>(message.satellites.map(({ satelliteId }) => [satelliteId, []]));
  for (const cell of message.cells) {
    // Channel 0 will do for GLONASS: only ratios of frequencies are used, and ranges are in metres.
    const hz = frequencyHz(constellation, cell.signalId, 0);
    if (hz === null) continue;
    signals.get(cell.satelliteId)?.push({
      signalId: cell.signalId,
      frequencyHz: hz,
      pseudorangeM: cell.pseudorangeM,
      phaseRangeM: cell.phaseRangeM,
      minLockMs: cell.minLockMs,
      halfCycle: cell.halfCycle === true,
      wrapM: null,
    });
  }
  const satellites = [...signals].map(([satelliteId, of]): SatelliteObservation => ({ satelliteId, signals: of }));
  return { constellation, epochMs: message.epochMs, format: "msm", stationId: message.stationId, satellites };
}

interface LegacySatellite {
  readonly satelliteId: number;
  readonly frequencyChannel?: number;
  readonly l1Code: number;
  readonly l1PseudorangeM: number;
  readonly l1AmbiguityModulus: number;
  readonly l1PhaseMinusPseudorangeM: number | null;
  readonly l1LockIndicator: number;
  readonly l2Code?: number;
  readonly l2MinusL1PseudorangeM?: number | null;
  readonly l2PhaseMinusL1PseudorangeM?: number | null;
  readonly l2LockIndicator?: number;
}
interface LegacyMessage {
  readonly stationId: number;
  readonly epochMs: number;
  readonly satellites: readonly LegacySatellite[];
}

function legacySystem(constellation: "GPS" | "GLONASS", message: LegacyMessage): SystemObservation & { readonly stationId: number } {
  const { stationId, epochMs } = message;
  const satellites = message.satellites.filter(({ satelliteId }) => satelliteId > 0 && satelliteId < SBAS_FIRST_ID);
  return { constellation, epochMs, format: "legacy", stationId, satellites: satellites.map((satellite) => legacySatellite(constellation, satellite)) };
}

function legacySatellite(constellation: "GPS" | "GLONASS", satellite: LegacySatellite): SatelliteObservation {
  const ranges = legacyRanges(satellite);
  const ids = LEGACY_SIGNALS[constellation];
  const signal = (signalId: number, pseudorangeM: number | null, phaseRangeM: number | null, lock: number): SignalObservation => ({
    signalId,
    frequencyHz: frequencyHz(constellation, signalId, 0) as number,
    pseudorangeM,
    phaseRangeM,
    minLockMs: legacyMinLockS(lock) * 1000,
    halfCycle: false,
    wrapM: (WRAP_CYCLES * LIGHT_MPS) / (frequencyHz(constellation, signalId, satellite.frequencyChannel ?? 0) as number),
  });
  const first = signal(ids.first[satellite.l1Code] ?? 2, ranges.l1PseudorangeM, ranges.l1PhaseRangeM, satellite.l1LockIndicator);
  const { l2Code, l2LockIndicator } = satellite;
  if (l2Code === undefined || l2LockIndicator === undefined) return { satelliteId: satellite.satelliteId, signals: [first] };
  const second = signal(ids.second[l2Code] ?? ids.second[0], ranges.l2PseudorangeM, ranges.l2PhaseRangeM, l2LockIndicator);
  return { satelliteId: satellite.satelliteId, signals: [first, second] };
}

/** The systems whose time is not the GPS week, for `EpochAssembler`. */
export function gpsDayMs(constellation: Constellation, epochMs: number): number {
  if (constellation === "GLONASS") return epochMs - GLONASS_TO_GPS_MS;
  return constellation === "BEIDOU" ? epochMs + GPS_MINUS_BDT_MS : epochMs;
}

const GPS_MINUS_BDT_MS = 14_000;
/** UTC + 3 h to GPS time by the leap seconds since 2017. Where it is another, every epoch of GLONASS is off by the same. */
const GLONASS_TO_GPS_MS = 3 * 3_600_000 - 18_000;

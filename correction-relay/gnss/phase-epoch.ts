import type { Constellation } from "rtcm-parser";
import { ionosphereFactor } from "./atmosphere.ts";
import type { Ephemeris } from "./ephemeris.ts";
import type { Site } from "./line-of-sight.ts";
import { type ModelledRange, modelledRange } from "./modelled-range.ts";
import type { ObservationEpoch, SatelliteObservation, SignalObservation, SystemObservation } from "./observation-epoch.ts";
import type { Ephemerides } from "./own-ephemerides-first.ts";
import { L1_HZ, type Navigation, RAD } from "./physical-constants.ts";
import { periodS } from "./satellite-orbit.ts";

/** Below this the air's delay changes too fast for its model. */
const MASK_RAD = 10 * RAD;

/** A satellite whose phase can be compared with that of another time. */
export interface PhasePoint {
  readonly constellation: Navigation;
  readonly epochS: number; // by the receiver, in the system's own time
  readonly pseudorangeM: number;
  readonly signals: readonly SignalObservation[]; // with phase and without open half cycle, nearest to L1 first
  readonly ephemeris: Ephemeris;
  readonly model: ModelledRange;
}

/** The phases of one epoch, by satellite. */
export interface PhaseEpoch {
  readonly streamMs: number;
  readonly points: ReadonlyMap<string, PhasePoint>;
  /** false: this sender always says 0, so its lock indicator tells nothing. */
  readonly tellsLock: boolean;
}

export function phaseEpochOf(epoch: ObservationEpoch, site: Site, ephemerides: Ephemerides): PhaseEpoch {
  const points = new Map<string, PhasePoint>();
  let tellsLock = false;
  for (const system of epoch.systems) {
    for (const satellite of system.satellites) {
      const point = pointOf(system, satellite, site, ephemerides);
      if (point === null) continue;
      points.set(`${system.constellation}/${satellite.satelliteId}`, point);
      tellsLock ||= point.signals.some((signal) => (signal.minLockMs ?? 0) > 0);
    }
  }
  return { streamMs: epoch.streamMs, points, tellsLock };
}

/** The system's own time of an epoch, s. */
export function epochSecondsOf({ epochMs, constellation }: SystemObservation): number {
  return isNavigation(constellation) ? (epochMs / 1000) % periodS(constellation) : epochMs / 1000;
}

export function isNavigation(constellation: Constellation): constellation is Navigation {
  return constellation !== "SBAS" && constellation !== "NAVIC";
}

/** Phase that the model gives a signal, but for receiver clock and ambiguity, m. */
export function modelledPhaseM(model: ModelledRange, signal: SignalObservation): number {
  return model.vacuumM + model.troposphereM - model.ionosphereL1M * ionosphereFactor(signal.frequencyHz);
}

function pointOf(system: SystemObservation, satellite: SatelliteObservation, site: Site, ephemerides: Ephemerides): PhasePoint | null {
  const { constellation } = system;
  if (!isNavigation(constellation)) return null;
  const pseudorangeM = satellite.signals.find((signal) => signal.pseudorangeM !== null)?.pseudorangeM ?? null;
  const signals = satellite.signals.filter((signal) => signal.phaseRangeM !== null && !signal.halfCycle);
  if (pseudorangeM === null || signals.length === 0) return null;
  const epochS = epochSecondsOf(system);
  const ephemeris = ephemerides.newest(constellation, satellite.satelliteId, epochS);
  if (ephemeris === null) return null;
  const model = modelledRange(ephemeris, site, epochS, pseudorangeM);
  if (model.elevationRad < MASK_RAD) return null;
  signals.sort((a, b) => Math.abs(a.frequencyHz - L1_HZ) - Math.abs(b.frequencyHz - L1_HZ));
  return { constellation, epochS, pseudorangeM, signals, ephemeris, model };
}

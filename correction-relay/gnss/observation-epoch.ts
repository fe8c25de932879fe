import type { Constellation } from "rtcm-parser";

/** One signal of one satellite at one time. */
export interface SignalObservation {
  /** MSM signal id; a legacy observable has that of its code. */
  readonly signalId: number;
  readonly frequencyHz: number;
  readonly pseudorangeM: number | null;
  readonly phaseRangeM: number | null;
  /** At least so long without a loss of lock; null: not said. */
  readonly minLockMs: number | null;
  readonly halfCycle: boolean;
  /** Legacy senders wrap phase at ±1500 cycles: the length of that, else null. */
  readonly wrapM: number | null;
}

export interface SatelliteObservation {
  readonly satelliteId: number;
  readonly signals: readonly SignalObservation[];
}

export interface SystemObservation {
  readonly constellation: Constellation;
  /** As sent: ms of the system's own week, GLONASS ms of day in UTC + 3 h. */
  readonly epochMs: number;
  readonly format: "msm" | "legacy";
  readonly satellites: readonly SatelliteObservation[];
}

/** All that a base observed at one time. */
export interface ObservationEpoch {
  /** Stream time: ms that only go forward, by the epochs' own times; its zero has no meaning. */
  readonly streamMs: number;
  readonly stationId: number;
  readonly systems: readonly SystemObservation[];
}

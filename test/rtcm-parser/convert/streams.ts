import fc from "fast-check";
import {
  type Constellation,
  decodeMessage,
  encodeMessage,
  lockIndicatorFor,
  type MsmMessage,
  type MsmSentCell,
  minLockMs,
  msmFromObservations,
  type Observation,
  type RtcmMessage,
} from "rtcm-parser";

export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;
export const periodMs = (constellation: Constellation): number => (constellation === "GLONASS" ? DAY_MS : WEEK_MS);

/** One satellite and signal at one time; what is left out is as usual. */
export interface Sample extends Partial<Omit<MsmSentCell, "satelliteId">> {
  readonly constellation?: Constellation;
  readonly msm?: 5 | 7;
  readonly epochMs: number;
  readonly satelliteId?: number;
  readonly wholeMs?: number | null;
  readonly extendedInfo?: number;
  readonly multipleMessage?: boolean;
}

/** An MSM with one satellite and the signals of the samples, which share everything but the cell. */
export function msmFrame(first: Sample, ...others: readonly Sample[]): Uint8Array {
  const { constellation = "GPS", msm = 7, epochMs, satelliteId = 5, wholeMs = 75, extendedInfo, multipleMessage = false } = first;
  const cells = [first, ...others].map((sample) => ({ ...USUAL, ...sample, satelliteId, signalId: sample.signalId ?? 2 }));
  return encodeMessage({
    ...{ kind: "msm", constellation, msm, stationId: 77, epochMs, dayOfWeek: constellation === "GLONASS" ? 3 : null, multipleMessage },
    ...{ iods: 5, reserved: 0, clockSteering: 2, externalClock: 1, divergenceFreeSmoothing: true, smoothingInterval: 4 },
    signalIds: [...new Set(cells.map((cell) => cell.signalId))].sort((a, b) => a - b),
    satellites: [{ satelliteId, wholeMs, modMs: 0.5, extendedInfo: extendedInfo ?? (constellation === "GLONASS" ? 9 : 0), roughRateMps: 100 }],
    cells,
  });
}

const USUAL = { finePseudorangeMs: 0.0001, finePhaseRangeMs: 0.0001, fineRateMps: 0, lockIndicator: 600, halfCycle: false, cnrDbHz: 45 };

export function decodedMsm(frame: Uint8Array | null): MsmMessage {
  const message = frame === null ? null : decodeMessage(frame);
  if (message?.kind !== "msm") throw new Error(`${message?.kind} is no MSM`);
  return message;
}

export type Legacy = Extract<RtcmMessage, { kind: "1004" | "1012" }>;

export function decodedLegacy(frame: Uint8Array | undefined): Legacy {
  const message = frame === undefined ? undefined : decodeMessage(frame);
  if (message?.kind !== "1004" && message?.kind !== "1012") throw new Error(`${message?.kind} is no 1004 or 1012`);
  return message;
}

/** The one satellite of the one message. */
export function onlyOf(frames: readonly Uint8Array[]): Legacy["satellites"][number] {
  const { satellites } = decodedLegacy(frames[0]);
  if (frames.length !== 1 || satellites.length !== 1) throw new Error(`${frames.length} messages, ${satellites.length} satellites`);
  return satellites[0] as Legacy["satellites"][number];
}

export const SEEN: Observation = {
  ...{ satelliteId: 7, signalId: 2, pseudorangeM: 22_345_678.12, phaseRangeM: 22_345_679.4567, rangeRateMps: -321.5, cnrDbHz: 43.25 },
  ...{ lockMs: 73_728, halfCycle: false },
};

/** An MSM of observations in metres; each is SEEN but for what is told. */
export function msmOf(
  {
    constellation = "GPS",
    msm = 7,
    epochMs = 43_200_000,
    multipleMessage = false,
  }: Pick<Sample, "constellation" | "multipleMessage"> & { msm?: 4 | 5 | 6 | 7; epochMs?: number },
  ...observations: readonly Partial<Observation>[]
): Uint8Array {
  const glonass = constellation === "GLONASS";
  const head = { constellation, msm, stationId: 9, epochMs, multipleMessage, dayOfWeek: glonass ? 4 : null };
  const seen = observations.map((one) => ({ ...SEEN, ...(glonass ? { glonassChannel: -4 } : {}), ...one }));
  return encodeMessage(msmFromObservations({ ...head, divergenceFreeSmoothing: true, smoothingInterval: 3 }, seen));
}

/** A signal at one epoch as a true receiver sees it. */
export interface LockStep {
  readonly epochMs: number;
  /** Since the last observation. */
  readonly elapsedMs: number;
  /** Time since lock was won; less than `elapsedMs` after a slip. */
  readonly trueLockMs: number;
  readonly slipped: boolean;
  readonly lockIndicator: number;
}

/** A receiver's signal over some epochs with slips and gaps, its lock told by MSM7's or MSM5's indicator. */
export function lockSteps(msm: 5 | 7, period: number): fc.Arbitrary<readonly LockStep[]> {
  const step = fc.record({
    elapsedMs: fc.constantFrom(50, 100, 200, 1000, 1000, 1000, 3000, 30_000, 600_000),
    slip: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { freq: 3, nil: null }),
  });
  return fc
    .record({ start: fc.integer({ min: 0, max: period - 1 }), lock: fc.constantFrom(0, 20, 900, 5000, 10 ** 6), steps: fc.array(step, { maxLength: 40 }) })
    .map(({ start, lock, steps }) => {
      let trueLockMs = lock;
      let epochMs = start;
      const first = { epochMs, elapsedMs: 0, trueLockMs, slipped: false, lockIndicator: lockIndicatorFor(msm, lock) };
      const rest = steps.map(({ elapsedMs, slip }) => {
        epochMs = (epochMs + elapsedMs) % period;
        trueLockMs = slip === null ? trueLockMs + elapsedMs : Math.floor(slip * elapsedMs);
        return { epochMs, elapsedMs, trueLockMs, slipped: slip !== null, lockIndicator: lockIndicatorFor(msm, trueLockMs) };
      });
      return [first, ...rest];
    });
}

/** Whatever a sender may write, sense or none. */
export const anyIndicators = (msm: 5 | 7): fc.Arbitrary<readonly number[]> => fc.array(fc.integer({ min: 0, max: msm === 7 ? 1023 : 15 }), { maxLength: 40 });

export const lockMsOf = (msm: 5 | 7, indicator: number): number => minLockMs(msm, indicator) ?? 0;

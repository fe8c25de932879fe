import { RtcmError } from "../errors.ts";
import { frameOf, messageType, payloadOf } from "../frame.ts";
import { type Constellation, constellationOf, isMsm, type Msm, msmOf } from "../msm/constellation.ts";
import { lockIndicatorFor } from "../msm/lock-time.ts";
import { decodeMsm, encodeMsm, type MsmCell, type MsmSatellite, type MsmSentCell } from "../msm/message.ts";
import { epochPeriodMs, LockTracker } from "./lock-tracker.ts";

// DF400, DF401, DF403: what the fields of MSM4 can hold.
const FINE_RANGE = { perMs: 2 ** 24, most: 2 ** 14 - 1 };
const FINE_PHASE = { perMs: 2 ** 29, most: 2 ** 21 - 1 };
const MOST_CNR_DB_HZ = 63;

/**
 * MSM5, 6 and 7 of any constellation as MSM4, for one stream. It remembers the lock of every signal, so that a slip which
 * the four bits of MSM4 would hide still shows as a fall (see LockTracker). Half-cycle bits, masks, epoch, station and all
 * other header fields are kept; range rates and GLONASS channels have no place in MSM4.
 * A value that would round to a field's limit or its invalid code becomes invalid.
 */
export class Msm4Converter {
  readonly #locks = new LockTracker(lockOf4);
  readonly #passed = new Set<Constellation>();
  #malformed = 0;

  /** MSM whose payload contradicts itself; they were left out. */
  get malformed(): number {
    return this.#malformed;
  }

  /**
   * The frame to send in place of this one: MSM4 as it is, a new frame for MSM5..7.
   * null: MSM1..3 hold no whole range and cannot be converted; nor can what is no MSM, or is malformed.
   */
  push(frame: Uint8Array): Uint8Array | null {
    const type = messageType(frame);
    if (type === null || !isMsm(type) || msmOf(type) < 4) return null;
    const constellation = constellationOf(type) as Constellation;
    if (msmOf(type) === 4) {
      this.#passed.add(constellation);
      return frame;
    }
    try {
      const converted = convert(frame, type, this.#locks, this.#passed.has(constellation));
      this.#passed.delete(constellation);
      return converted;
    } catch (error) {
      if (!(error instanceof RtcmError)) throw error;
      this.#malformed += 1;
      return null;
    }
  }

  /** Another receiver sends from now on: all signals slip at their next observation. */
  reset(): void {
    this.#locks.reset();
  }
}

/**
 * One frame as MSM4, without memory: as `Msm4Converter.push`, but a slip within one step of MSM4's lock indicator stays
 * hidden. For streams use the converter.
 */
export function toMsm4(frame: Uint8Array): Uint8Array | null {
  return new Msm4Converter().push(frame);
}

/** @param restart MSM4 of this system was passed as sent before: what its locks were is not known here */
function convert(frame: Uint8Array, type: number, locks: LockTracker, restart: boolean): Uint8Array {
  const message = decodeMsm(payloadOf(frame), type);
  const { constellation, epochMs } = message;
  const periodMs = epochPeriodMs(constellation);
  const cells = message.cells.map((cell) => {
    const minLockMs = cell.minLockMs ?? 0; // a reserved indicator promises nothing
    return cellOf4(cell, locks.next(keyOf(type, cell), { minLockMs, epochMs, periodMs, restart }));
  });
  return frameOf(encodeMsm({ ...message, msm: 4, satellites: message.satellites.map(satelliteOf4), cells, remainder: NOTHING }));
}

const MSM4: Msm = 4;
const NOTHING = new Uint8Array(0);
const lockOf4 = (lockMs: number): number => lockIndicatorFor(MSM4, lockMs);
const keyOf = (type: number, { satelliteId, signalId }: MsmCell): number => (Math.floor(type / 10) * 64 + satelliteId) * 32 + signalId;

function satelliteOf4({ satelliteId, wholeMs, modMs }: MsmSatellite): MsmSatellite {
  return { satelliteId, wholeMs, modMs, extendedInfo: null, roughRateMps: null };
}

function cellOf4(cell: MsmCell, lockIndicator: number): MsmSentCell {
  return {
    satelliteId: cell.satelliteId,
    signalId: cell.signalId,
    finePseudorangeMs: rounded(cell.finePseudorangeMs, FINE_RANGE),
    finePhaseRangeMs: rounded(cell.finePhaseRangeMs, FINE_PHASE),
    fineRateMps: null,
    lockIndicator,
    halfCycle: cell.halfCycle,
    cnrDbHz: wholeDb(cell.cnrDbHz),
  };
}

function rounded(ms: number | null, { perMs, most }: typeof FINE_RANGE): number | null {
  if (ms === null) return null;
  const raw = Math.round(ms * perMs);
  return Math.abs(raw) > most ? null : raw / perMs;
}

function wholeDb(cnrDbHz: number | null): number | null {
  if (cnrDbHz === null) return null;
  const whole = Math.round(cnrDbHz);
  return whole < 1 || whole > MOST_CNR_DB_HZ ? null : whole;
}

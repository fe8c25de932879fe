import type { MsmCell } from "../msm/message.ts";
import { hasPhase } from "./legacy-systems.ts";
import { LockTracker } from "./lock-tracker.ts";

/** c, m/s. */
const LIGHT_M_PER_S = 299_792_458;
/** DF012, DF018 and their like: 0.5 mm, 20 bits; -2^19 means "none". */
const PHASE_PER_M = 2000;
const MOST_PHASE = 2 ** 19 - 1;
const ROLL_CYCLES = 1500;
const CNR_PER_DB = 4;
const MOST_CNR = 255;

/** Where a signal is sent: satellite and band. */
export interface CarrierPlace {
  readonly key: number;
  readonly frequencyHz: number;
  readonly epochMs: number;
  readonly periodMs: number;
  /** The L1 pseudorange as it is sent; phases are sent as differences to it. */
  readonly referenceM: number;
}

export interface Carrier {
  readonly phaseMinusReferenceM: number | null;
  readonly lockIndicator: number;
  readonly cnrDbHz: number | null;
}

const NO_CARRIER: Carrier = { phaseMinusReferenceM: null, lockIndicator: 0, cnrDbHz: null };

interface Sent {
  signalId: number;
  frequencyHz: number;
  /** Multiples of 1500 cycles added to the phase. */
  rolls: number;
  /** The phase was not sent last time. */
  broken: boolean;
}

/**
 * Phase, lock and strength of the bands of 1004 and 1012, from epoch to epoch.
 * The phase is sent as a difference that the ionosphere can carry out of the field's ±262 m; it is then shifted by whole
 * multiples of 1500 cycles (note to DF012), and stays so until it must be shifted again.
 * Where the phase is not sent, and when it comes back, the lock is 0: a receiver cannot have kept its ambiguity.
 */
export class LegacyCarriers {
  readonly #locks = new LockTracker(legacyLockIndicatorFor);
  readonly #sent = new Map<number, Sent>();

  /** The signal that was sent last at this place. */
  lastSignalId(key: number): number | null {
    return this.#sent.get(key)?.signalId ?? null;
  }

  next(place: CarrierPlace, cell: MsmCell | undefined): Carrier {
    const { key, frequencyHz, epochMs, periodMs, referenceM } = place;
    if (cell === undefined) {
      this.#locks.absent(key);
      return NO_CARRIER;
    }
    const usable = hasPhase(cell);
    let sent = this.#sent.get(key);
    let restart = !usable || sent?.broken === true;
    if (sent === undefined || sent.signalId !== cell.signalId || sent.frequencyHz !== frequencyHz) {
      restart ||= sent !== undefined;
      sent = { signalId: cell.signalId, frequencyHz, rolls: 0, broken: false };
      this.#sent.set(key, sent);
    }
    sent.broken = !usable;
    return {
      phaseMinusReferenceM: usable ? rolled(sent, (cell.phaseRangeM as number) - referenceM) : null,
      lockIndicator: this.#locks.next(key, { minLockMs: cell.minLockMs ?? 0, epochMs, periodMs, restart }),
      cnrDbHz: quarterDb(cell.cnrDbHz),
    };
  }

  reset(): void {
    this.#locks.reset();
  }
}

/** DF013 and its like, 7 bits, s: the largest indicator whose minimum lock does not exceed the time. */
export function legacyLockIndicatorFor(lockMs: number): number {
  const s = Math.floor(lockMs / 1000);
  if (s < 24) return s;
  if (s < 72) return Math.floor((s + 24) / 2);
  if (s < 168) return Math.floor((s + 120) / 4);
  if (s < 360) return Math.floor((s + 408) / 8);
  if (s < 744) return Math.floor((s + 1176) / 16);
  return s < 937 ? Math.floor((s + 3096) / 32) : 127;
}

/** 1500 cycles are over half the field's width, so that the nearest multiple always fits. */
function rolled(sent: Sent, differenceM: number): number {
  const rollM = (ROLL_CYCLES * LIGHT_M_PER_S) / sent.frequencyHz;
  const raw = Math.round((differenceM + sent.rolls * rollM) * PHASE_PER_M);
  if (Math.abs(raw) <= MOST_PHASE) return raw / PHASE_PER_M;
  sent.rolls = -Math.round(differenceM / rollM);
  return Math.round((differenceM + sent.rolls * rollM) * PHASE_PER_M) / PHASE_PER_M;
}

function quarterDb(cnrDbHz: number | null): number | null {
  const raw = cnrDbHz === null ? 0 : Math.round(cnrDbHz * CNR_PER_DB);
  return raw < 1 || raw > MOST_CNR ? null : raw / CNR_PER_DB;
}

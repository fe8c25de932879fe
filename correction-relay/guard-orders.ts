import type { BaseTruth } from "../core/domain/live.ts";
import type { GuardMemory } from "./guard-memory.ts";

/** What staff decided: about this base, and `recheckedAtMs` about all. */
export interface GuardOrders {
  readonly confirmedAtMs: number | null;
  readonly stoppedAtMs: number | null;
  readonly recheckedAtMs: number | null;
}

/** What other witnesses say of the antenna; only a contradiction counts. */
export interface GuardEvidence {
  readonly bumped: boolean;
  readonly singlePoint: BaseTruth["singlePoint"]["state"];
}

/** A moved mast shows in the carrier phase within 10 s; a check that ends before that proves nothing. */
const SETTLE_MS = 15_000;

/** When the check was asked for that a base has yet to pass: by staff after an earthquake, or by a memory that was lost. */
export function recheckDueMs(memory: GuardMemory, orders: GuardOrders): number | null {
  const asked = Math.max(orders.recheckedAtMs ?? 0, memory.lostAtMs ?? 0);
  return asked > (memory.recheckPassedMs ?? 0) ? asked : null;
}

/** By a fresh position that agrees, with nothing against it; staff who looked at the mast outweigh the other witnesses. */
export function passesRecheck(of: {
  readonly dueMs: number;
  readonly arpAtMs: number; // of the last position that agreed
  readonly confirmedAtMs: number | null;
  readonly evidence: GuardEvidence;
  readonly nowMs: number;
}): boolean {
  const { dueMs, arpAtMs, confirmedAtMs, evidence, nowMs } = of;
  if (arpAtMs <= dueMs) return false;
  if (confirmedAtMs !== null && confirmedAtMs > dueMs) return true;
  return nowMs - dueMs >= SETTLE_MS && !evidence.bumped && evidence.singlePoint !== "contradicts";
}

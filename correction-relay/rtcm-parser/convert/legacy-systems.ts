import type { MsmCell } from "../msm/message.ts";

/** A signal that a band of the legacy observables can carry, with its code indicator. */
export interface LegacySignal {
  readonly signalId: number;
  readonly code: number;
}

/** What 1004 and 1012 do not have in common. */
export interface LegacySystem {
  readonly kind: "1004" | "1012";
  readonly epochConstellation: "GPS" | "GLONASS";
  /** Ambiguity of the L1 pseudorange, m, and the largest multiple of it that can be sent (DF014, DF044). */
  readonly modulusM: number;
  readonly mostModuli: number;
  /** In order of preference. */
  readonly l1: readonly LegacySignal[];
  readonly l2: readonly LegacySignal[];
}

export const GPS: LegacySystem = {
  kind: "1004",
  epochConstellation: "GPS",
  modulusM: 299_792.458, // c × 1 ms
  mostModuli: 255,
  // DF010: 0 C/A, 1 P(Y).
  l1: [
    { signalId: 2, code: 0 }, // 1C
    { signalId: 4, code: 1 }, // 1W
    { signalId: 3, code: 1 }, // 1P
  ],
  // DF016: 0 C/A or L2C, 1 P(Y) direct, 2 cross-correlated, 3 correlated P/Y.
  l2: [
    { signalId: 10, code: 3 }, // 2W
    { signalId: 9, code: 1 }, // 2P
    { signalId: 16, code: 0 }, // 2L
    { signalId: 17, code: 0 }, // 2X
    { signalId: 15, code: 0 }, // 2S
    { signalId: 8, code: 0 }, // 2C
  ],
};

export const GLONASS: LegacySystem = {
  kind: "1012",
  epochConstellation: "GLONASS",
  modulusM: 599_584.916, // c × 2 ms
  mostModuli: 127,
  // DF039, DF046: 0 C/A, 1 P.
  l1: [
    { signalId: 2, code: 0 }, // 1C
    { signalId: 3, code: 1 }, // 1P
  ],
  l2: [
    { signalId: 8, code: 0 }, // 2C
    { signalId: 9, code: 1 }, // 2P
  ],
};

/** In 1004 and 1012 a phase with an unresolved half cycle cannot be told from a good one, so it is not sent. */
export const hasPhase = (cell: MsmCell): boolean => cell.phaseRangeM !== null && cell.halfCycle !== true;

/** A better signal that comes back is taken when it has held lock so long: each change is a slip for the rover. */
const STEADY_MS = 10_000;

interface Choice {
  readonly cell: MsmCell;
  readonly code: number;
}

/**
 * The signal to send for a band: by preference among those with a phase, but the one sent last until a better one is
 * steady; else one with a pseudorange alone. undefined: none is there.
 * @param needsRange L1 cannot be sent without a pseudorange
 */
export function signalFor(
  signals: readonly LegacySignal[],
  cells: ReadonlyMap<number, MsmCell>,
  { lastSignalId, needsRange }: { readonly lastSignalId: number | null; readonly needsRange: boolean },
): Choice | undefined {
  let withPhase: Choice | undefined;
  let sentLast: Choice | undefined;
  let withRange: Choice | undefined;
  for (const { signalId, code } of signals) {
    const cell = cells.get(signalId);
    if (cell === undefined || (cell.pseudorangeM === null && (needsRange || !hasPhase(cell)))) continue;
    const choice = { cell, code };
    if (!hasPhase(cell)) withRange = signalId === lastSignalId ? choice : (withRange ?? choice);
    else if (signalId === lastSignalId) sentLast = choice;
    else if (sentLast === undefined) withPhase ??= choice;
  }
  if (sentLast !== undefined && (withPhase?.cell.minLockMs ?? 0) < STEADY_MS) return sentLast;
  return withPhase ?? withRange;
}

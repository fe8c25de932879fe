import type { Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag } from "../core/domain/reading.ts";
import { outside, RANGES } from "./quality/ranges.ts";
import { isSentinel } from "./quality/sentinels.ts";

export interface Judgement {
  readonly value: number | null;
  readonly flag: QualityFlag;
  readonly reasons: readonly string[];
}

/** Reasons that only a reading's neighbours in time give (quality/neighbours.ts): they come and go as neighbours arrive. */
export const NEIGHBOUR_REASONS: ReadonlySet<string> = new Set(["spike", "step", "stuck"]);

/** No such value can be right. All other reasons make a reading suspect. */
const BAD: ReadonlySet<string> = new Set(["range", "sentinel", "spike"]);

/** The flag is a function of the value and the reasons, own and of neighbours, in any order (docs/quality.md). */
export function flagOf(value: number | null, reasons: readonly string[]): QualityFlag {
  if (value === null) return 9;
  if (reasons.length === 0) return 1;
  for (const reason of reasons) if (BAD.has(reason)) return 4;
  return 3;
}

/**
 * Judges a value by itself. The flag never keeps it from being stored. `reasons`: what decoder and clock already said; `clock` means that the
 * reading stands at a substitute time, so it is at most suspect.
 */
export function judge({ quantity, value, reasons }: { quantity: Quantity; value: number | null; reasons: readonly string[] }): Judgement {
  if (value === null) return { value: null, flag: 9, reasons: reasons.length > 0 ? reasons : ["missing"] };
  if (!Number.isFinite(value)) return { value: null, flag: 9, reasons: [...reasons, "not-a-number"] };
  const own = reasonOf(quantity, value);
  const whole = own === null || reasons.includes(own) ? reasons : [...reasons, own];
  return { value, flag: flagOf(value, whole), reasons: whole };
}

function reasonOf(quantity: Quantity, value: number): string | null {
  if (isSentinel(quantity, value)) return "sentinel";
  const { possible, usual } = RANGES[quantity];
  if (outside(value, possible)) return "range";
  return outside(value, usual) ? "unusual" : null;
}

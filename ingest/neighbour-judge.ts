import type { Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag } from "../core/domain/reading.ts";

export const NEIGHBOUR_REASONS: ReadonlySet<string> = new Set();
export function reachOf(_quantity: Quantity): { ms: number; rows: number } | null {
  return null;
}
export function neighbourReasons(_s: unknown, _p: readonly unknown[], from: number, to: number): readonly (readonly string[])[] {
  return Array.from({ length: to - from }, () => []);
}
export function flagOf(_value: number | null, _reasons: readonly string[]): QualityFlag {
  return 1;
}

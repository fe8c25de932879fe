import type { Base } from "./site.ts";

/** Beyond it RTK gets slow and vertical errors double (farm networks of Hokkaido: 20 km is habit). */
export const MAX_BASELINE_KM = 20;

/** As text, for people and for comparison; a base without a datum on file shares it with the others without. */
export const datumText = (datum: Base["datum"]): string | null => (datum === null ? null : `${datum.frame}@${datum.epoch}`);

/** May this base ever serve NEAR and FIELD: a physical one, surveyed, with a station id of its own, and not simulated. */
export function isPoolBase(base: Base): base is Base & { readonly antenna: NonNullable<Base["antenna"]>; readonly stationId: number } {
  return base.kind === "physical" && !base.sim && base.antenna !== null && base.stationId !== null && base.stationId >= 1;
}

/**
 * The datum of the site's pool: that of most of its pool bases, on a tie the one that stands first in the catalog.
 * It rests on what is on file, not on health, so that it does not change when a base fails.
 */
export function poolDatum(bases: Iterable<Base>): string | null {
  const counts = new Map<string | null, number>();
  for (const base of bases) if (isPoolBase(base)) counts.set(datumText(base.datum), (counts.get(datumText(base.datum)) ?? 0) + 1);
  let most: string | null = null;
  let count = 0;
  for (const [datum, n] of counts) if (n > count) [most, count] = [datum, n];
  return most;
}

/** On file as aligned, entered at either of the two: same datum, offset measured at 2 cm or less. */
export function aligned(
  a: { readonly id: string; readonly datum: string | null; readonly alignedWith: readonly string[] },
  b: { readonly id: string; readonly datum: string | null; readonly alignedWith: readonly string[] },
): boolean {
  return a.datum === b.datum && (a.alignedWith.includes(b.id) || b.alignedWith.includes(a.id));
}

import type { ApiContext } from "./context.ts";
import { BoundSchema } from "./schemas.ts";
import type { Visibility } from "./visibility.ts";

/** What the endpoints of readings ask in common. */
export const Period = { from: BoundSchema.optional(), to: BoundSchema.optional() };

export const NO_DEVICE = "There is no such device, or you may not see it.";
const NO_PLOT = "There is no such plot, or you may not see it.";

/** What is not there and what one may not see are answered alike. */
export function unknown(api: ApiContext, visibility: Visibility, query: { device?: string | undefined; plot?: string | undefined }): string | undefined {
  const { devices, plots } = api.catalog.current();
  if (query.device !== undefined) {
    const device = devices.find((d) => d.id === query.device);
    if (!device || visibility.deviceWindows(device).length === 0) return NO_DEVICE;
  }
  if (query.plot === undefined) return undefined;
  const known = plots.some((p) => p.id === query.plot) && visibility.everHeld(query.plot);
  return known ? undefined : NO_PLOT;
}

export function filterOf(query: { device?: string | undefined; plot?: string | undefined }): { deviceIds?: readonly string[]; plotId?: string } {
  return { ...(query.device === undefined ? {} : { deviceIds: [query.device] }), ...(query.plot === undefined ? {} : { plotId: query.plot }) };
}

export function periodOf(
  api: ApiContext,
  query: { from?: string | undefined; to?: string | undefined },
): { readonly fromMs?: number; readonly toMs?: number } | { readonly detail: string } {
  const [fromMs, toMs] = [query.from, query.to].map((bound) => (bound ? api.zone().instantMs(bound.replace(/ (\d\d:?\d\d)$/, plusOffset)) : undefined));
  if (fromMs === null || toMs === null) return { detail: `${fromMs === null ? "from" : "to"}: no such day or time.` };
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

/** `…T06:00:00 09:00` was `+09:00`; `2026-06-01 06:00` is a time of day and stays. */
function plusOffset(match: string, offset: string, at: number): string {
  return at > 10 ? `+${offset}` : match;
}

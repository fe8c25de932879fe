import type { SeriesJson } from "../core/domain/api.ts";
import type { SeriesBucket, TelemetryReader } from "./context.ts";
import type { TimeWindow } from "./visibility.ts";

type SeriesQuery = Parameters<TelemetryReader["series"]>[0];

/**
 * A series cut to the times that the caller may see. One window is the rule; a device that came back to a plot has
 * several, which share `max` and stand apart by an empty bucket, so that no chart draws a line over what it may not show.
 */
export async function visibleSeries(telemetry: TelemetryReader, windows: readonly TimeWindow[], query: SeriesQuery): Promise<SeriesJson> {
  const parts = windows.flatMap((w) => {
    const fromMs = Math.max(w.fromMs, query.fromMs ?? Number.NEGATIVE_INFINITY);
    const toMs = Math.min(w.toMs, query.toMs ?? Number.POSITIVE_INFINITY);
    return fromMs < toMs ? [{ fromMs, toMs }] : [];
  });
  // nothing in view: an empty period still tells the unit
  if (parts.length === 0) parts.push({ fromMs: 0, toMs: 0 });
  const max = Math.max(1, Math.floor(query.max / parts.length) - (parts.length > 1 ? 1 : 0));
  const buckets: SeriesBucket[] = [];
  let unit = "";
  for (const { fromMs, toMs } of parts) {
    const { deviceId, quantity, depthCm } = query;
    const part = await telemetry.series({
      deviceId,
      quantity,
      ...(depthCm === undefined ? {} : { depthCm }),
      ...(Number.isFinite(fromMs) ? { fromMs } : {}),
      ...(Number.isFinite(toMs) ? { toMs } : {}),
      max,
    });
    unit = part.unit;
    if (buckets.length > 0 && part.buckets.length > 0) buckets.push([fromMs - 1, 0, null, null, null]);
    buckets.push(...part.buckets);
  }
  return { unit, buckets };
}

import type { SeriesJson } from "../../core/domain/api.ts";
import type { Messages } from "../i18n/ja.ts";
import { durationWords } from "./format.ts";

export type Bucket = SeriesJson["buckets"][number];

/** Columns for the chart; an empty bucket stays null in all three, so the line has a gap there. */
export interface ChartColumns {
  readonly timesS: number[];
  readonly min: (number | null)[];
  readonly mean: (number | null)[];
  readonly max: (number | null)[];
}

/** Spans the whole time asked for: a sensor that fell silent must not seem to reach to now. */
export function chartColumns(data: readonly Bucket[], span: { readonly fromMs: number; readonly toMs: number }): ChartColumns {
  const [first, last] = [data[0]?.[0] ?? span.toMs, data.at(-1)?.[0] ?? span.fromMs];
  const buckets = [...(span.fromMs < first ? [emptyAt(span.fromMs)] : []), ...data, ...(last < span.toMs ? [emptyAt(span.toMs)] : [])];
  return {
    timesS: buckets.map(([tMs]) => tMs / 1000),
    min: buckets.map(([, , min]) => min),
    mean: buckets.map(([, , , mean]) => mean),
    max: buckets.map(([, , , , max]) => max),
  };
}

const emptyAt = (tMs: number): Bucket => [tMs, 0, null, null, null];

/** Buckets that hold something, newest first. */
export function tableRows(buckets: readonly Bucket[]): readonly Bucket[] {
  return buckets.filter(([, n]) => n > 0).reverse();
}

const SAME_CM = 0.3; // less than ripples and the sensor's own noise

/** The chart in one sentence, by rule; null without data. */
export function seriesSentence(buckets: readonly Bucket[], spanMs: number, messages: Messages): string | null {
  const means = buckets.flatMap(([, , , mean]) => (mean === null ? [] : [mean]));
  const first = means[0];
  const last = means.at(-1);
  if (first === undefined || last === undefined) return null;
  const span = durationWords(spanMs, messages);
  const [a, b] = [first.toFixed(1), last.toFixed(1)];
  if (Math.abs(last - first) < SAME_CM) return messages.plot.same(span, b);
  return last < first ? messages.plot.fell(span, a, b) : messages.plot.rose(span, a, b);
}

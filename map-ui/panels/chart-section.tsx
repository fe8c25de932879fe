import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { csvHref, fetchSeries } from "../live/api-client.ts";
import { durationWords } from "../state/format.ts";
import { type Bucket, chartColumns, seriesSentence, tableRows } from "../state/series.ts";
import { band, clockMs, clocks, config, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { view } from "../state/view.ts";
import type { LevelChart } from "./level-chart.ts";

const HOUR_MS = 3_600_000;
const RANGES_H = [24, 72] as const;
const REFRESH_MS = 60_000;
const TABLE_ROWS_MAX = 100;

type Loaded = { readonly kind: "loading" } | { readonly kind: "trouble" } | { readonly kind: "ok"; readonly buckets: readonly Bucket[]; readonly toMs: number };

/** The last day or three of one device's level: chart, sentence, table, CSV. */
export function ChartSection({ deviceId }: { deviceId: string }) {
  const m = useSignal(messages);
  const [hours, setHours] = useState<24 | 72>(72);
  const [table, setTable] = useState<"shown" | "hidden">("hidden");
  const loaded = useSeries(deviceId, hours);
  const buckets = loaded.kind === "ok" ? loaded.buckets : [];
  const sentence = seriesSentence(buckets, hours * HOUR_MS, m);
  const toMs = loaded.kind === "ok" ? loaded.toMs : clockMs.peek();
  const csv = csvHref({
    device: deviceId,
    quantity: "water.level",
    fromMs: toMs - hours * HOUR_MS,
    toMs,
    header: useSignal(view).lang === "ja" ? "ja" : "machine",
  });
  return (
    <section class="chart-section">
      <div class="chart-section__head">
        <h3>{m.plot.chart}</h3>
        <div class="choices">
          {RANGES_H.map((range) => (
            <button key={range} type="button" class="button" aria-pressed={range === hours} onClick={() => setHours(range)}>
              {range === 24 ? m.plot.range24 : m.plot.range72}
            </button>
          ))}
        </div>
      </div>
      {loaded.kind === "loading" && <p class="chart-space">{m.plot.loading}</p>}
      {loaded.kind === "trouble" && <p class="chart-space">{m.error.series}</p>}
      {loaded.kind === "ok" && sentence === null && <p class="chart-space">{m.plot.noSeries}</p>}
      {loaded.kind === "ok" && sentence !== null && (
        <>
          <p>{sentence}</p>
          <Chart buckets={loaded.buckets} fromMs={toMs - hours * HOUR_MS} toMs={toMs} label={m.plot.chartLabel(sentence)} />
          <ChartLegend />
        </>
      )}
      <div class="choices">
        <button type="button" class="button" aria-expanded={table === "shown"} onClick={() => setTable(table === "shown" ? "hidden" : "shown")}>
          {table === "shown" ? m.plot.chartOnly : m.plot.table}
        </button>
        <a class="button" href={csv} download>
          {m.plot.csv}
        </a>
      </div>
      {table === "shown" && <SeriesTable buckets={buckets} caption={m.plot.tableCaption(durationWords(hours * HOUR_MS, m))} />}
    </section>
  );
}

/** Loads, and loads again each minute while the panel is open. */
function useSeries(deviceId: string, hours: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  useEffect(() => {
    let current = true;
    setLoaded({ kind: "loading" });
    const load = async () => {
      const toMs = clockMs.peek();
      const answer = await fetchSeries({ device: deviceId, quantity: "water.level", fromMs: toMs - hours * HOUR_MS, toMs });
      if (!current) return;
      if (answer.kind === "ok") setLoaded({ kind: "ok", buckets: answer.value.buckets, toMs });
      else setLoaded((before) => (before.kind === "ok" ? before : { kind: "trouble" }));
    };
    void load();
    const timer = setInterval(() => void load(), REFRESH_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [deviceId, hours]);
  return loaded;
}

function Chart({ buckets, fromMs, toMs, label }: { buckets: readonly Bucket[]; fromMs: number; toMs: number; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<LevelChart | null>(null);
  const target = useSignal(band);
  const clock = useSignal(clocks);
  const { scalePct } = useSignal(view);
  const timeZone = useSignal(config)?.site.timeZone ?? "Asia/Tokyo";
  const columns = useMemo(() => chartColumns(buckets, { fromMs, toMs }), [buckets, fromMs, toMs]);
  const newest = useRef(columns);
  newest.current = columns;
  useEffect(() => {
    let current = true;
    void import("./level-chart.ts").then(({ openLevelChart }) => {
      if (!current || box.current === null) return;
      chart.current = openLevelChart(box.current, {
        columns: newest.current,
        band: target,
        timeZone,
        clock,
        fontPx: Math.round((16 * scalePct) / 100),
      });
    });
    return () => {
      current = false;
      chart.current?.destroy();
      chart.current = null;
    };
  }, [target, clock, timeZone, scalePct]);
  useEffect(() => chart.current?.setData(columns), [columns]);
  return <div ref={box} class="chart" role="img" aria-label={label} />;
}

function ChartLegend() {
  const m = useSignal(messages);
  return (
    <p class="chart-legend" aria-hidden="true">
      <span class="chart-legend__item chart-legend__item--mean">{m.plot.legendMean} (cm)</span>
      <span class="chart-legend__item chart-legend__item--range">{m.plot.legendRange}</span>
      <span class="chart-legend__item chart-legend__item--band">{m.plot.legendBand}</span>
    </p>
  );
}

function SeriesTable({ buckets, caption }: { buckets: readonly Bucket[]; caption: string }) {
  const m = useSignal(messages);
  const clock = useSignal(clocks);
  const rows = tableRows(buckets);
  const cm = (value: number | null) => (value === null ? m.none : value.toFixed(1));
  return (
    <>
      <table class="table">
        <caption>{caption} (cm)</caption>
        <thead>
          <tr>
            <th scope="col">{m.plot.time}</th>
            <th scope="col" class="number">
              {m.plot.mean}
            </th>
            <th scope="col" class="number">
              {m.plot.min}
            </th>
            <th scope="col" class="number">
              {m.plot.max}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, TABLE_ROWS_MAX).map(([tMs, , min, mean, max]) => (
            <tr key={tMs}>
              <th scope="row">{clock.dayTime(tMs)}</th>
              <td class="number">{cm(mean)}</td>
              <td class="number">{cm(min)}</td>
              <td class="number">{cm(max)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > TABLE_ROWS_MAX && <p>{m.plot.tableMore(rows.length - TABLE_ROWS_MAX)}</p>}
    </>
  );
}

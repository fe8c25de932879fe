import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import type { WaterBandCm } from "../../core/domain/paddy-status.ts";
import type { Clocks } from "../state/format.ts";
import type { ChartColumns } from "../state/series.ts";

export interface LevelChart {
  setData(columns: ChartColumns): void;
  destroy(): void;
}

interface Options {
  readonly columns: ChartColumns;
  readonly band: WaterBandCm;
  readonly timeZone: string;
  readonly clock: Clocks;
  readonly fontPx: number;
}

const LINE = "#1a1a1a";
const RANGE = "rgb(26 26 26 / 18%)";
const TARGET = "rgb(0 23 193 / 12%)";
const TARGET_EDGE = "#0017c1";
const GRID = "#e0e0e0";
const HALF_DAY_S = 43_200;

/** Draws mean and min–max range over the target band; gaps stay gaps. Loaded only when a plot is opened. */
export function openLevelChart(target: HTMLElement, options: Options): LevelChart {
  const { band, clock, timeZone, fontPx } = options;
  const font = `${fontPx}px sans-serif`;
  const size = () => ({ width: Math.max(200, target.clientWidth), height: Math.round(Math.min(300, Math.max(210, target.clientWidth * 0.55))) });
  const data = ({ timesS, min, mean, max }: ChartColumns): uPlot.AlignedData => [timesS, max, min, mean];
  const chart = new uPlot(
    {
      ...size(),
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), timeZone),
      legend: { show: false },
      cursor: { drag: { setScale: false } },
      padding: [fontPx * 0.75, fontPx * 1.6, 0, 0],
      scales: { y: { range: (_, low, high) => yRange(low, high, band) } },
      axes: [
        {
          font,
          stroke: LINE,
          grid: { stroke: GRID, width: 1 },
          ticks: { stroke: GRID },
          size: fontPx * 2.2,
          space: fontPx * 4.5,
          values: (u, splits) => timeLabels(splits, (u.scales["x"]?.max ?? 0) - (u.scales["x"]?.min ?? 0) > 2 * HALF_DAY_S + 3600, clock),
        },
        {
          font,
          stroke: LINE,
          grid: { stroke: GRID, width: 1 },
          ticks: { stroke: GRID },
          size: fontPx * 3,
          values: (_, splits) => splits.map((v) => String(v)),
        },
      ],
      series: [
        {},
        { stroke: "transparent", width: 0, points: { show: false } },
        { stroke: "transparent", width: 0, points: { show: false } },
        { stroke: LINE, width: 2, spanGaps: false },
      ],
      bands: [{ series: [1, 2], fill: RANGE }],
      hooks: { drawClear: [(u) => drawTarget(u, band)] },
    },
    data(options.columns),
    target,
  );
  const sizes = new ResizeObserver(() => chart.setSize(size()));
  sizes.observe(target);
  return {
    setData: (columns) => chart.setData(data(columns)),
    destroy() {
      sizes.disconnect();
      chart.destroy();
    },
  };
}

/** The whole target band is always in sight: a level is read against it. */
function yRange(low: number | null, high: number | null, band: WaterBandCm): [number, number] {
  const least = Math.min(low ?? band.minCm, band.minCm, 0);
  const most = Math.max(high ?? band.maxCm, band.maxCm);
  return [Math.floor(least), Math.ceil(most + 0.5)];
}

function timeLabels(splits: readonly number[], overDays: boolean, clock: Clocks): string[] {
  return splits.map((s) => {
    const minute = clock.minute(s * 1000);
    return overDays ? (minute === "0:00" ? clock.day(s * 1000) : minute) : minute;
  });
}

function drawTarget(u: uPlot, band: WaterBandCm): void {
  const top = u.valToPos(band.maxCm, "y", true);
  const bottom = u.valToPos(band.minCm, "y", true);
  const { left, width } = u.bbox;
  u.ctx.save();
  u.ctx.fillStyle = TARGET;
  u.ctx.fillRect(left, top, width, bottom - top);
  u.ctx.strokeStyle = TARGET_EDGE;
  u.ctx.lineWidth = Math.max(1, devicePixelRatio);
  u.ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  u.ctx.beginPath();
  for (const y of [top, bottom]) {
    u.ctx.moveTo(left, y);
    u.ctx.lineTo(left + width, y);
  }
  u.ctx.stroke();
  u.ctx.restore();
}

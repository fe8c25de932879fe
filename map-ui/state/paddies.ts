import type { DeviceJson } from "../../core/domain/api.ts";
import { freshForMs, type PaddyMark, paddyMark, type WaterBandCm } from "../../core/domain/paddy-status.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";
import type { Messages } from "../i18n/ja.ts";
import type { Field } from "./field.ts";
import { durationWords } from "./format.ts";
import { hidesLevel, type Silence, silenceOf, silenceSentence } from "./silence.ts";

/** Why the mark is what it is. */
export type PaddyCause = "ok" | "low" | "high" | "stale" | "bad" | "no-reading" | "no-zero" | "no-sensor";

/** A plot and its water as of one moment. */
export interface Paddy {
  readonly id: string;
  readonly name: string;
  readonly mark: PaddyMark;
  readonly cause: PaddyCause;
  readonly levelCm: number | null; // the newest value; speaks of now only when the mark is not "unknown"
  readonly timeMs: number | null; // its event time
  readonly suspect: boolean; // flag 3
  readonly deviceId: string | null; // that the level comes from
  readonly silence: Silence | null; // why no level comes; null unless the cause is "stale" or "no-reading"
}

export const MARK_SHAPE: Readonly<Record<PaddyMark, string>> = { ok: "●", low: "▼", high: "▲", unknown: "✕" };

const URGENCY: Readonly<Record<PaddyMark, number>> = { low: 0, high: 1, unknown: 2, ok: 3 };

/** All plots with their marks, most urgent first; within a mark what is further from the band, then by name. */
export function paddiesOf(field: Field, band: WaterBandCm, nowMs: number): readonly Paddy[] {
  const levels = new Map<string, ReadingJson>();
  const withDistance = new Set<string>();
  for (const reading of field.readings.values()) {
    if (reading.quantity === "water.level") levels.set(reading.deviceId, reading);
    if (reading.quantity === "water.distance") withDistance.add(reading.deviceId);
  }
  const devicesByPlot = new Map<string, DeviceJson[]>();
  for (const device of field.devices.values()) {
    if (device.plotId === null) continue;
    const there = devicesByPlot.get(device.plotId);
    if (there) there.push(device);
    else devicesByPlot.set(device.plotId, [device]);
  }
  const paddies = field.plots.map((plot) => {
    const devices = devicesByPlot.get(plot.id) ?? [];
    return paddyOf({ id: plot.id, name: plot.properties.name }, { devices, levels, withDistance }, band, nowMs);
  });
  const rank = rankByName(field.plots);
  const rankOf = (paddy: Paddy): number => rank.get(paddy.id) ?? 0;
  return paddies.sort((a, b) => URGENCY[a.mark] - URGENCY[b.mark] || offBand(b, band) - offBand(a, band) || rankOf(a) - rankOf(b));
}

const COLLATOR = new Intl.Collator("ja", { numeric: true });
const ranks = new WeakMap<Field["plots"], ReadonlyMap<string, number>>();

/** Place of each plot in the order of names. Kept with the plots: marks are made anew each second, for a whole town too. */
function rankByName(plots: Field["plots"]): ReadonlyMap<string, number> {
  const known = ranks.get(plots);
  if (known) return known;
  const sorted = [...plots].sort((a, b) => COLLATOR.compare(a.properties.name, b.properties.name));
  const rank = new Map(sorted.map((plot, i) => [plot.id, i]));
  ranks.set(plots, rank);
  return rank;
}

interface Sources {
  readonly devices: readonly DeviceJson[];
  readonly levels: ReadonlyMap<string, ReadingJson>;
  readonly withDistance: ReadonlySet<string>;
}

function paddyOf(plot: { id: string; name: string }, sources: Sources, band: WaterBandCm, nowMs: number): Paddy {
  let best: { reading: ReadingJson; device: DeviceJson; timeMs: number } | null = null;
  for (const device of sources.devices) {
    const reading = sources.levels.get(device.id);
    if (reading === undefined || reading.plotId !== plot.id) continue; // measured elsewhere, before the sensor was moved here
    const timeMs = Date.parse(reading.time);
    if (best === null || timeMs > best.timeMs) best = { reading, device, timeMs };
  }
  if (best === null) {
    const cause = causeWithoutLevel(sources);
    const first = sources.devices[0];
    const silence = cause === "no-reading" && first ? silenceOfLevel(first) : null;
    return { ...plot, mark: "unknown", cause, levelCm: null, timeMs: null, suspect: false, deviceId: first?.id ?? null, silence };
  }
  const { reading, device, timeMs } = best;
  const flag = reading.quality.flag;
  const mark = paddyMark({ levelCm: reading.value, flag, timeMs, intervalS: device.intervalS, nowMs, band });
  const stale = nowMs - timeMs > freshForMs(device.intervalS);
  const cause: PaddyCause = mark === "unknown" ? (stale ? "stale" : "bad") : mark;
  return {
    ...plot,
    mark,
    cause,
    levelCm: reading.value,
    timeMs,
    suspect: flag === 3,
    deviceId: device.id,
    silence: cause === "stale" ? silenceOfLevel(device) : null,
  };
}

function silenceOfLevel(device: DeviceJson): Silence | null {
  const silence = silenceOf(device);
  return silence !== null && hidesLevel(silence) ? silence : null;
}

function causeWithoutLevel({ devices, withDistance }: Sources): PaddyCause {
  if (devices.some((d) => withDistance.has(d.id))) return "no-zero";
  return devices.length > 0 ? "no-reading" : "no-sensor";
}

function offBand(paddy: Paddy, band: WaterBandCm): number {
  if (paddy.mark === "low") return band.minCm - (paddy.levelCm ?? 0);
  return paddy.mark === "high" ? (paddy.levelCm ?? 0) - band.maxCm : 0;
}

/** The paddy in one plain sentence; "whole" adds what to look at when the sensor is silent. */
export function paddySentence(paddy: Paddy, nowMs: number, messages: Messages, length: "short" | "whole" = "short"): string {
  if (paddy.silence !== null) return silenceSentence(paddy.silence, nowMs, messages, length);
  const words = messages.paddy;
  switch (paddy.cause) {
    case "ok":
      return words.ok;
    case "low":
      return words.low;
    case "high":
      return words.high;
    case "stale":
      return words.stale(durationWords(nowMs - (paddy.timeMs ?? nowMs), messages));
    case "bad":
      return words.bad;
    case "no-reading":
      return words.noReading;
    case "no-zero":
      return words.noZero;
    case "no-sensor":
      return words.noSensor;
  }
}

export interface PaddyGroups {
  readonly look: readonly Paddy[]; // low, high, unknown: somebody has to go and see
  readonly good: readonly Paddy[];
  readonly bare: readonly Paddy[]; // without a sensor: we never know
}

export function groupsOf(paddies: readonly Paddy[]): PaddyGroups {
  return {
    look: paddies.filter((p) => p.mark !== "ok" && p.cause !== "no-sensor"),
    good: paddies.filter((p) => p.mark === "ok"),
    bare: paddies.filter((p) => p.cause === "no-sensor"),
  };
}

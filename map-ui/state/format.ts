import type { Messages } from "../i18n/ja.ts";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

type UnitWords = Pick<Messages["age"], "seconds" | "minutes" | "hours" | "days">;

function inWords(seconds: number, words: UnitWords): string {
  if (seconds < MINUTE_S) return words.seconds(Math.floor(seconds));
  if (seconds < HOUR_S) return words.minutes(Math.floor(seconds / MINUTE_S));
  if (seconds < 2 * DAY_S) return words.hours(Math.floor(seconds / HOUR_S));
  return words.days(Math.floor(seconds / DAY_S));
}

/** How long ago, in words. A time that is not yet past (clocks differ a little) is "now". */
export function timeAgo(timeMs: number, nowMs: number, messages: Messages): string {
  const seconds = (nowMs - timeMs) / 1000;
  return seconds < 1 ? messages.age.now : inWords(seconds, messages.age);
}

/** A length of time in words. */
export function durationWords(durationMs: number, messages: Messages): string {
  return inWords(Math.max(0, durationMs / 1000), messages.duration);
}

export interface Clocks {
  /** 6:05:12 */
  time(atMs: number): string;
  /** 6/12 6:05 */
  dayTime(atMs: number): string;
  /** 6:05 */
  minute(atMs: number): string;
  /** 6/12 */
  day(atMs: number): string;
}

/** Clock times of the site's zone: people read them against the clock on their wall. */
export function clocksOf(timeZone: string): Clocks {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const parts = (atMs: number) => Object.fromEntries(format.formatToParts(new Date(atMs)).map((p) => [p.type, p.value]));
  const hour = (p: Record<string, string>) => String(Number(p["hour"]));
  return {
    time: (atMs) => {
      const p = parts(atMs);
      return `${hour(p)}:${p["minute"]}:${p["second"]}`;
    },
    minute: (atMs) => {
      const p = parts(atMs);
      return `${hour(p)}:${p["minute"]}`;
    },
    day: (atMs) => {
      const p = parts(atMs);
      return `${Number(p["month"])}/${Number(p["day"])}`;
    },
    dayTime: (atMs) => {
      const p = parts(atMs);
      return `${Number(p["month"])}/${Number(p["day"])} ${hour(p)}:${p["minute"]}`;
    },
  };
}

/** Number of decimals by unit: what the sensor can tell, not what the float holds. */
const DECIMALS: Readonly<Record<string, number>> = { mm: 0, "%": 0, "W/m2": 0, deg: 0, "dB[mW]": 0, V: 2, "dS/m": 2 };

export function valueText(value: number, unit: string): string {
  return value.toFixed(DECIMALS[unit] ?? 1);
}

/** UCUM to what people read: `Cel` is ℃. */
export function unitText(unit: string, messages: Messages): string {
  const words: Readonly<Record<string, string>> = messages.unit;
  return words[unit] ?? unit;
}

import type { Constellation } from "./msm/constellation.ts";

/** GPS - UTC since 2017-01-01 (IERS Bulletin C); no further leap second is announced. */
export const GPS_MINUS_UTC_S = 18;
const GPS_EPOCH_UNIX_MS = Date.UTC(1980, 0, 6);
/** BDT = GPST - 14 s. */
const GPS_MINUS_BDT_MS = 14_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const GLONASS_MINUS_UTC_MS = 3 * 3_600_000;

type SentEpoch = { readonly constellation: Constellation; readonly epochRaw: number };

/**
 * Unix time of an epoch as it is sent, the one nearest to `nowMs`: messages carry no week, GLONASS no date.
 * @param epochRaw as `epochOf` gives it
 * @param leapS GPS - UTC, for recordings of other years
 */
export function epochUnixMs({ constellation, epochRaw }: SentEpoch, nowMs: number, leapS = GPS_MINUS_UTC_S): number {
  if (constellation === "GLONASS") return nearest(epochRaw - GLONASS_MINUS_UTC_MS, DAY_MS, nowMs);
  return nearest(gpsTowMsOf({ constellation, epochRaw }) + GPS_EPOCH_UNIX_MS - leapS * 1000, WEEK_MS, nowMs);
}

/** GPS ms of week of an epoch of any system but GLONASS, whose epochs do not know the day. */
export function gpsTowMsOf({ constellation, epochRaw }: SentEpoch & { readonly constellation: Exclude<Constellation, "GLONASS"> }): number {
  return constellation === "BEIDOU" ? (epochRaw + GPS_MINUS_BDT_MS) % WEEK_MS : epochRaw;
}

/** What a sender writes at this time: the inverse of `epochUnixMs`, with the day of week for GLONASS (0 = Sunday). */
export function epochAtUnixMs(
  constellation: Constellation,
  unixMs: number,
  leapS = GPS_MINUS_UTC_S,
): { readonly epochMs: number; readonly dayOfWeek: number | null } {
  if (constellation === "GLONASS") {
    const moscowMs = unixMs + GLONASS_MINUS_UTC_MS;
    return { epochMs: modulo(moscowMs, DAY_MS), dayOfWeek: modulo(Math.floor(moscowMs / DAY_MS) + UNIX_EPOCH_WEEKDAY, 7) };
  }
  const gpsMs = unixMs - GPS_EPOCH_UNIX_MS + leapS * 1000;
  return { epochMs: modulo(gpsMs - (constellation === "BEIDOU" ? GPS_MINUS_BDT_MS : 0), WEEK_MS), dayOfWeek: null };
}

/** 1970-01-01 was a Thursday. */
const UNIX_EPOCH_WEEKDAY = 4;

/** The time t + n·period that is nearest to `nowMs`. */
function nearest(t: number, periodMs: number, nowMs: number): number {
  return t + Math.round((nowMs - t) / periodMs) * periodMs;
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

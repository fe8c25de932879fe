import type { Constellation } from "./constellation.ts";

/** RINEX 3 code of each signal id (RTCM 10403.3 tables 3.5-91 to 3.5-108; NavIC 9A by RTKLIB). */
const CODES: Readonly<Record<Constellation, Readonly<Record<number, string>>>> = {
  GPS: { 2: "1C", 3: "1P", 4: "1W", 8: "2C", 9: "2P", 10: "2W", 15: "2S", 16: "2L", 17: "2X", 22: "5I", 23: "5Q", 24: "5X", 30: "1S", 31: "1L", 32: "1X" },
  GLONASS: { 2: "1C", 3: "1P", 8: "2C", 9: "2P" },
  GALILEO: {
    ...{ 2: "1C", 3: "1A", 4: "1B", 5: "1X", 6: "1Z", 8: "6C", 9: "6A", 10: "6B", 11: "6X", 12: "6Z" },
    ...{ 14: "7I", 15: "7Q", 16: "7X", 18: "8I", 19: "8Q", 20: "8X", 22: "5I", 23: "5Q", 24: "5X" },
  },
  SBAS: { 2: "1C", 22: "5I", 23: "5Q", 24: "5X" },
  QZSS: { 2: "1C", 9: "6S", 10: "6L", 11: "6X", 15: "2S", 16: "2L", 17: "2X", 22: "5I", 23: "5Q", 24: "5X", 30: "1S", 31: "1L", 32: "1X" },
  BEIDOU: {
    ...{ 2: "2I", 3: "2Q", 4: "2X", 8: "6I", 9: "6Q", 10: "6X", 14: "7I", 15: "7Q", 16: "7X" },
    ...{ 22: "5D", 23: "5P", 24: "5X", 25: "7D", 30: "1D", 31: "1P", 32: "1X" },
  },
  NAVIC: { 8: "9A", 22: "5A" },
};

/** Carrier of a RINEX band digit, MHz. BeiDou: 2 = B1I, 1 = B1C, 7 = B2I and B2b, 6 = B3I, 5 = B2a. */
const BAND_MHZ: Readonly<Record<string, number>> = { 1: 1575.42, 2: 1227.6, 5: 1176.45, 6: 1278.75, 7: 1207.14, 8: 1191.795, 9: 2492.028 };
const BEIDOU_BAND_MHZ: Readonly<Record<string, number>> = { ...BAND_MHZ, 2: 1561.098, 6: 1268.52 };

/** RINEX 3 observation code (band and attribute, "1C"), or null for an id without one. */
export function signalCode(constellation: Constellation, signalId: number): string | null {
  return CODES[constellation][signalId] ?? null;
}

/**
 * Carrier frequency, Hz; null for an unknown signal, and for GLONASS without its channel (-7..6).
 * The channel is `extendedInfo - 7` of MSM5 and 7; MSM4 and 6 do not carry it (message 1020 does).
 */
export function frequencyHz(constellation: Constellation, signalId: number, glonassChannel?: number): number | null {
  const band = signalCode(constellation, signalId)?.charAt(0);
  if (band === undefined) return null;
  if (constellation === "GLONASS") {
    if (glonassChannel === undefined) return null;
    return (band === "1" ? 1602 + 0.5625 * glonassChannel : 1246 + 0.4375 * glonassChannel) * 1e6;
  }
  const mhz = (constellation === "BEIDOU" ? BEIDOU_BAND_MHZ : BAND_MHZ)[band];
  return mhz === undefined ? null : mhz * 1e6;
}

/** RINEX name of a satellite: G05, R12, E36, S23 (PRN 123), J01, C30, I07. */
export function satelliteName(constellation: Constellation, satelliteId: number): string {
  const number = constellation === "SBAS" ? satelliteId + 19 : satelliteId;
  return `${LETTER[constellation]}${String(number).padStart(2, "0")}`;
}

const LETTER: Readonly<Record<Constellation, string>> = { GPS: "G", GLONASS: "R", GALILEO: "E", SBAS: "S", QZSS: "J", BEIDOU: "C", NAVIC: "I" };

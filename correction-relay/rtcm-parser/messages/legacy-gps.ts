import { flag, signed, unsigned } from "../fields.ts";
import { countOf, layout, list, message } from "../layout.ts";
import { l1Carrier, l1Extension, l2Carrier, l2Extension, l2Head } from "./legacy-rows.ts";

/** RTCM 10403.3, header of 1001..1004. */
const header = [
  ["stationId", unsigned(12)],
  ["epochMs", unsigned(30)], // DF004: GPS ms of week
  ["synchronous", flag], // DF005: more messages of this epoch follow
  countOf("satellites", 5),
  ["divergenceFreeSmoothing", flag],
  ["smoothingInterval", unsigned(3)],
] as const;

const l1 = [
  ["satelliteId", unsigned(6)], // DF009: 1..32 GPS, 40..58 = SBAS PRN 120..138
  ["l1Code", unsigned(1)], // DF010: 0 C/A, 1 P(Y)
  ["l1PseudorangeM", unsigned(24, { perUnit: 50 })], // DF011: modulo 299 792.458 m
  ...l1Carrier,
] as const;

const ambiguity = ["l1AmbiguityModulus", unsigned(8)] as const; // DF014: × 299 792.458 m
const l2 = [...l2Head, ["l2MinusL1PseudorangeM", signed(14, { perUnit: 50, invalid: -(2 ** 13) })], ...l2Carrier] as const; // DF016, DF017

export const msg1001 = message(1001, [...header, ["satellites", list(layout(l1))]]);
export const msg1002 = message(1002, [...header, ["satellites", list(layout([...l1, ambiguity, ...l1Extension]))]]);
export const msg1003 = message(1003, [...header, ["satellites", list(layout([...l1, ...l2]))]]);
export const msg1004 = message(1004, [...header, ["satellites", list(layout([...l1, ambiguity, ...l1Extension, ...l2, ...l2Extension]))]]);

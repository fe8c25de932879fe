import { flag, signed, unsigned } from "../fields.ts";
import { countOf, layout, list, message } from "../layout.ts";
import { l1Carrier, l1Extension, l2Carrier, l2Extension, l2Head } from "./legacy-rows.ts";

/** RTCM 10403.3, header of 1009..1012. */
const header = [
  ["stationId", unsigned(12)],
  ["epochMs", unsigned(27)], // DF034: GLONASS ms of day, UTC + 3 h
  ["synchronous", flag],
  countOf("satellites", 5),
  ["divergenceFreeSmoothing", flag],
  ["smoothingInterval", unsigned(3)],
] as const;

const l1 = [
  ["satelliteId", unsigned(6)], // DF038: slot 1..24, 0 unknown
  ["l1Code", unsigned(1)], // DF039: 0 C/A, 1 P
  ["frequencyChannel", unsigned(5, { offset: -7 })], // DF040
  ["l1PseudorangeM", unsigned(25, { perUnit: 50 })], // DF041: modulo 599 584.916 m
  ...l1Carrier,
] as const;

const ambiguity = ["l1AmbiguityModulus", unsigned(7)] as const; // DF044: × 599 584.916 m
const l2 = [...l2Head, ["l2MinusL1PseudorangeM", signed(14, { perUnit: 50, invalid: -(2 ** 13) })], ...l2Carrier] as const; // DF046, DF047

export const msg1009 = message(1009, [...header, ["satellites", list(layout(l1))]]);
export const msg1010 = message(1010, [...header, ["satellites", list(layout([...l1, ambiguity, ...l1Extension]))]]);
export const msg1011 = message(1011, [...header, ["satellites", list(layout([...l1, ...l2]))]]);
export const msg1012 = message(1012, [...header, ["satellites", list(layout([...l1, ambiguity, ...l1Extension, ...l2, ...l2Extension]))]]);

import { signed, unsigned } from "../fields.ts";
import { message } from "../layout.ts";
import { kepler } from "./kepler-rows.ts";

const timeS = unsigned(17, { step: 8 }); // seconds of BDT week

/** RTCM 10403.3, message 1042: BeiDou ephemeris. Clock of B3I; BDT week = GPS week - 1356. */
export const msg1042 = message(1042, [
  ["satelliteId", unsigned(6)],
  ["week", unsigned(13)],
  ["urai", unsigned(4)],
  ["idotScPerS", signed(14, { perUnit: 2 ** 43 })],
  ["aode", unsigned(5)],
  ["tocS", timeS],
  ["a2SPerS2", signed(11, { perUnit: 2 ** 66 })],
  ["a1SPerS", signed(22, { perUnit: 2 ** 50 })],
  ["a0S", signed(24, { perUnit: 2 ** 33 })],
  ["aodc", unsigned(5)],
  ...kepler({ harmonicM: signed(18, { perUnit: 2 ** 6 }), harmonicRad: signed(18, { perUnit: 2 ** 31 }), toeS: timeS }),
  ["tgd1Ns", signed(10, { perUnit: 10 })], // B1I
  ["tgd2Ns", signed(10, { perUnit: 10 })], // B2I
  ["health", unsigned(1)],
]);

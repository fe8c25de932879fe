import { signed, unsigned } from "../fields.ts";
import { message, reserved } from "../layout.ts";
import { kepler } from "./kepler-rows.ts";

const timeS = unsigned(14, { step: 60 }); // seconds of week
const bgd = signed(10, { perUnit: 2 ** 32 });

const common = [
  ["satelliteId", unsigned(6)],
  ["week", unsigned(12)], // GST week = GPS week - 1024
  ["iodNav", unsigned(10)],
  ["sisa", unsigned(8)],
  ["idotScPerS", signed(14, { perUnit: 2 ** 43 })],
  ["tocS", timeS],
  ["af2SPerS2", signed(6, { perUnit: 2 ** 59 })],
  ["af1SPerS", signed(21, { perUnit: 2 ** 46 })],
  ["af0S", signed(31, { perUnit: 2 ** 34 })],
  ...kepler({ harmonicM: signed(16, { perUnit: 2 ** 5 }), harmonicRad: signed(16, { perUnit: 2 ** 29 }), toeS: timeS }),
  ["bgdE5aE1S", bgd],
] as const;

/** RTCM 10403.3, message 1045: Galileo F/NAV ephemeris (E5a). */
export const msg1045 = message(1045, [...common, ["e5aHealth", unsigned(2)], ["e5aDvs", unsigned(1)], reserved(7)]);

/** Message 1046: Galileo I/NAV ephemeris (E1, E5b). Both may come for one satellite: do not mix them. */
export const msg1046 = message(1046, [
  ...common,
  ["bgdE5bE1S", bgd],
  ["e5bHealth", unsigned(2)],
  ["e5bDvs", unsigned(1)],
  ["e1bHealth", unsigned(2)],
  ["e1bDvs", unsigned(1)],
  reserved(2),
]);

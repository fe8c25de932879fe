import { signed, unsigned } from "../fields.ts";
import { message } from "../layout.ts";
import { kepler } from "./kepler-rows.ts";

const timeS = unsigned(16, { step: 16 }); // seconds of week
const idot = signed(14, { perUnit: 2 ** 43 });

const clock = [
  ["tocS", timeS],
  ["af2SPerS2", signed(8, { perUnit: 2 ** 55 })],
  ["af1SPerS", signed(16, { perUnit: 2 ** 43 })],
  ["af0S", signed(22, { perUnit: 2 ** 31 })],
] as const;

const orbit = kepler({ harmonicM: signed(16, { perUnit: 2 ** 5 }), harmonicRad: signed(16, { perUnit: 2 ** 29 }), toeS: timeS });
const tgdS = signed(8, { perUnit: 2 ** 31 });

/** RTCM 10403.3, message 1019: GPS ephemeris. `week` is modulo 1024. */
export const msg1019 = message(1019, [
  ["satelliteId", unsigned(6)],
  ["week", unsigned(10)],
  ["ura", unsigned(4)],
  ["codeOnL2", unsigned(2)],
  ["idotScPerS", idot],
  ["iode", unsigned(8)],
  ...clock,
  ["iodc", unsigned(10)],
  ...orbit,
  ["tgdS", tgdS],
  ["health", unsigned(6)],
  ["l2p", unsigned(1)],
  ["fit", unsigned(1)],
]);

/** Message 1044: QZSS ephemeris. Satellite n is PRN 192 + n; `week` is modulo 1024. */
export const msg1044 = message(1044, [
  ["satelliteId", unsigned(4)],
  ...clock,
  ["iode", unsigned(8)],
  ...orbit,
  ["idotScPerS", idot],
  ["codeOnL2", unsigned(2)],
  ["week", unsigned(10)],
  ["ura", unsigned(4)],
  ["health", unsigned(6)],
  ["tgdS", tgdS],
  ["iodc", unsigned(10)],
  ["fit", unsigned(1)],
]);

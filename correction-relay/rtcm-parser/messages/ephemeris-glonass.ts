import { signMagnitude, unsigned } from "../fields.ts";
import { message, reserved } from "../layout.ts";

const speed = signMagnitude(24, { perUnit: 2 ** 20 });
const position = signMagnitude(27, { perUnit: 2 ** 11 });
const acceleration = signMagnitude(5, { perUnit: 2 ** 30 });

/**
 * RTCM 10403.3, message 1020: GLONASS ephemeris, PZ-90. Signed fields are sign and magnitude: -0 occurs.
 * Clock offset of the satellite = -tauNS + gammaN·(t - tbS). Scales of the clock terms from the GLONASS interface document.
 */
export const msg1020 = message(1020, [
  ["satelliteId", unsigned(6)],
  ["frequencyChannel", unsigned(5, { offset: -7 })],
  ["almHealth", unsigned(1)],
  ["almHealthAvail", unsigned(1)],
  ["p1", unsigned(2)],
  ["tk", unsigned(12)], // hours 5 bits, minutes 6, half minutes 1
  ["bnMsb", unsigned(1)],
  ["p2", unsigned(1)],
  ["tbS", unsigned(7, { step: 900 })], // seconds of day, UTC + 3 h
  ["vxKmPerS", speed],
  ["xKm", position],
  ["axKmPerS2", acceleration],
  ["vyKmPerS", speed],
  ["yKm", position],
  ["ayKmPerS2", acceleration],
  ["vzKmPerS", speed],
  ["zKm", position],
  ["azKmPerS2", acceleration],
  ["p3", unsigned(1)],
  ["gammaN", signMagnitude(11, { perUnit: 2 ** 40 })],
  ["mP", unsigned(2)],
  ["ln3", unsigned(1)],
  ["tauNS", signMagnitude(22, { perUnit: 2 ** 30 })],
  ["dTauNS", signMagnitude(5, { perUnit: 2 ** 30 })],
  ["en", unsigned(5)],
  ["p4", unsigned(1)],
  ["ft", unsigned(4)],
  ["nt", unsigned(11)],
  ["m", unsigned(2)],
  ["addAvail", unsigned(1)],
  ["na", unsigned(11)],
  ["tauCS", signMagnitude(32, { perUnit: 2 ** 31 })],
  ["n4", unsigned(5)],
  ["tauGpsS", signMagnitude(22, { perUnit: 2 ** 30 })],
  ["ln5", unsigned(1)],
  reserved(7),
]);

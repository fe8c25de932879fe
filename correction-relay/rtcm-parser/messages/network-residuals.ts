import { unsigned } from "../fields.ts";
import { countOf, layout, list, message } from "../layout.ts";

/** What 1030 and 1031 say of each satellite: a standard deviation as a constant part and parts that grow with distance and height. */
const residual = layout([
  ["satelliteId", unsigned(6)], // DF009, DF038
  ["socMm", unsigned(8, { perUnit: 2 })], // DF218: constant, not dispersive
  ["sodPpm", unsigned(9, { perUnit: 100 })], // DF219: by distance
  ["sohPpm", unsigned(6, { perUnit: 10 })], // DF220: by height
  ["sicMm", unsigned(10, { perUnit: 2 })], // DF221: constant, dispersive
  ["sidPpm", unsigned(10, { perUnit: 100 })], // DF222: dispersive, by distance
]);

// Here the time stands before the station id. DF223: how many stations of the network the residuals come from; 127 is 127 or more.
const station = [["stationId", unsigned(12)], ["referenceStations", unsigned(7)], countOf("satellites", 5), ["satellites", list(residual)]] as const;

/** RTCM 10403.3, message 1030: GPS network RTK residuals. DF224 is s of the GPS week. */
export const msg1030 = message(1030, [["epochS", unsigned(20)], ...station]);

/** Message 1031: the same of GLONASS. DF225 is s of the day, UTC + 3 h. */
export const msg1031 = message(1031, [["epochS", unsigned(17)], ...station]);

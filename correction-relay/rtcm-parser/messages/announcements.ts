import { flag, unsigned } from "../fields.ts";
import { countOf, layout, list, message } from "../layout.ts";

const announcement = layout([
  ["messageType", unsigned(12)],
  ["synchronous", flag],
  ["intervalS", unsigned(16, { perUnit: 10 })],
]);

/** RTCM 10403.3, message 1013: what this stream sends, how often, and the leap seconds. */
export const msg1013 = message(1013, [
  ["stationId", unsigned(12)],
  ["mjd", unsigned(16)], // DF051: modified Julian day
  ["secondOfDay", unsigned(17)], // DF052: UTC
  countOf("announcements", 5),
  ["leapSeconds", unsigned(8)],
  ["announcements", list(announcement)],
]);

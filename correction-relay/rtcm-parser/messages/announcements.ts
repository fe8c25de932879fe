import { flag, unsigned, utf8 } from "../fields.ts";
import { countOf, layout, list, message } from "../layout.ts";

const sentAt = [
  ["stationId", unsigned(12)],
  ["mjd", unsigned(16)], // DF051: modified Julian day
  ["secondOfDay", unsigned(17)], // DF052: UTC
] as const;

const announcement = layout([
  ["messageType", unsigned(12)],
  ["synchronous", flag],
  ["intervalS", unsigned(16, { perUnit: 10 })],
]);

/** RTCM 10403.3, message 1013: what this stream sends, how often, and the leap seconds. */
export const msg1013 = message(1013, [...sentAt, countOf("announcements", 5), ["leapSeconds", unsigned(8)], ["announcements", list(announcement)]]);

/** Message 1029: text in UTF-8, at most 127 characters and 255 bytes. */
export const msg1029 = message(1029, [...sentAt, ["text", utf8]]);

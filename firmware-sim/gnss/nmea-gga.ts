import type { Geodetic } from "rtcm-parser";

/** What a rover says of itself once a second. */
export interface RoverFix {
  readonly atMs: number; // UTC
  readonly place: Geodetic; // height above the ellipsoid
  readonly quality: 1 | 4 | 5; // single, RTK fixed, RTK float
  readonly satellites: number;
  readonly hdop: number;
  readonly ageS: number | null; // of the corrections
  readonly stationId: number | null;
}

/** Geoid above the ellipsoid in Misato (GSIGEO2011 gives about 38 m). */
const GEOID_M = 38;

/** NMEA 0183 GGA, with checksum and CRLF. Seven decimals of a minute are 0.2 mm. */
export function ggaOf(fix: RoverFix): string {
  const { latDeg, lonDeg, heightM } = fix.place;
  const fields = [
    "GNGGA",
    new Date(fix.atMs).toISOString().slice(11, 22).replaceAll(":", ""),
    angle(Math.abs(latDeg), 2),
    latDeg < 0 ? "S" : "N",
    angle(Math.abs(lonDeg), 3),
    lonDeg < 0 ? "W" : "E",
    fix.quality,
    String(fix.satellites).padStart(2, "0"),
    fix.hdop.toFixed(1),
    (heightM - GEOID_M).toFixed(3),
    "M",
    GEOID_M.toFixed(1),
    "M",
    fix.ageS === null ? "" : fix.ageS.toFixed(1),
    fix.stationId === null ? "" : String(fix.stationId).padStart(4, "0"),
  ];
  const body = fields.join(",");
  return `$${body}*${checksumOf(body)}\r\n`;
}

/** XOR of the characters between $ and *, two hexadecimal digits. */
export function checksumOf(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i += 1) sum ^= body.charCodeAt(i);
  return sum.toString(16).toUpperCase().padStart(2, "0");
}

/** ddmm.mmmmmmm; rounded before it is split, so that minutes never read 60. */
function angle(deg: number, degreeDigits: 2 | 3): string {
  const tenMillionths = Math.round(deg * 60 * 1e7);
  const whole = Math.floor(tenMillionths / (60 * 1e7));
  const minutes = (tenMillionths - whole * 60 * 1e7) / 1e7;
  return `${String(whole).padStart(degreeDigits, "0")}${minutes.toFixed(7).padStart(10, "0")}`;
}

import { flag, signed, unsigned } from "../fields.ts";
import { message, reserved } from "../layout.ts";

const DF003 = unsigned(12); // reference station id
const DF021 = unsigned(6); // ITRF realization year, 0 = unknown
const DF025 = signed(38, { perUnit: 10_000 }); // ECEF coordinate of the ARP, 0.1 mm; DF026 and DF027 alike
const DF028 = unsigned(16, { perUnit: 10_000 }); // antenna height, 0.1 mm

const stationary = [
  ["stationId", DF003],
  ["itrfYear", DF021],
  ["gps", flag],
  ["glonass", flag],
  ["galileo", flag],
  ["nonPhysical", flag], // DF141: true = computed station (VRS)
  ["xM", DF025],
  ["singleOscillator", flag], // DF142: all raw data of one instant
  reserved(1),
  ["yM", DF025],
  ["quarterCycle", unsigned(2)], // DF364: 0 unspecified, 1 corrected, 2 not corrected
  ["zM", DF025],
] as const;

/** RTCM 10403.3, message 1005: stationary antenna reference point. */
export const msg1005 = message(1005, stationary);

/** Message 1006: 1005 with the height of the ARP above the marker. */
export const msg1006 = message(1006, [...stationary, ["antennaHeightM", DF028]]);

/** Message 1032: position of the physical station behind a computed one. */
export const msg1032 = message(1032, [
  ["stationId", DF003],
  ["physicalStationId", DF003],
  ["itrfYear", DF021],
  ["xM", DF025],
  ["yM", DF025],
  ["zM", DF025],
]);

import { latin1, unsigned } from "../fields.ts";
import { message } from "../layout.ts";

const descriptor = [
  ["stationId", unsigned(12)],
  ["antenna", latin1], // IGS name and radome
  ["setupId", unsigned(8)], // 0 = standard IGS model
] as const;

const withSerial = [...descriptor, ["antennaSerial", latin1]] as const;

/** RTCM 10403.3, message 1007: antenna descriptor. */
export const msg1007 = message(1007, descriptor);

/** Message 1008: antenna descriptor and serial number. */
export const msg1008 = message(1008, withSerial);

/** Message 1033: receiver and antenna descriptors. */
export const msg1033 = message(1033, [...withSerial, ["receiver", latin1], ["firmware", latin1], ["receiverSerial", latin1]]);

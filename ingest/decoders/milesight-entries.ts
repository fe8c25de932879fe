import type { ChannelFraming, Row } from "./codec-table.ts";

type Entry = ChannelFraming["entries"][number];

/** EM500: the probe did not answer, and out of its range (SensorDecoders, `…_error`). */
export const PROBE_ERRORS = [
  { raw: 0xffff, reason: "sentinel" },
  { raw: 0xfffd, reason: "sentinel" },
] as const;

export const battery: Entry = {
  channel: 0x01,
  type: 0x75,
  rows: [{ field: "battery", unit: "%", bits: 8, missing: [{ raw: 0xff, reason: "sentinel" }], gives: { quantity: "device.batteryPercent" } }],
};

export const temperature: Row = { field: "temperature", unit: "°C", bits: 16, signed: true, per: 10 };
export const timestamp: Row = { field: "timestamp", bits: 32, unixSeconds: true };
export const reserved = (bits: number): Row => ({ field: null, bits });

/** What every device says of itself after a join (SensorDecoders READMEs, "Attribute"). No readings. */
export const attributes: readonly Entry[] = [
  { channel: 0xff, type: 0x01, rows: [{ field: "ipso_version", bits: 8 }] },
  { channel: 0xff, type: 0x09, rows: [{ field: "hardware_version", bits: 16 }] },
  { channel: 0xff, type: 0x0a, rows: [{ field: "firmware_version", bits: 16 }] },
  { channel: 0xff, type: 0xff, rows: [{ field: "tsl_version", bits: 16 }] },
  { channel: 0xff, type: 0x16, rows: [reserved(32), reserved(32)] }, // serial number
  { channel: 0xff, type: 0x0f, rows: [{ field: "lorawan_class", bits: 8 }] },
  { channel: 0xff, type: 0xfe, rows: [{ field: "reset_event", bits: 8 }] },
  { channel: 0xff, type: 0x0b, rows: [{ field: "device_status", bits: 8 }] },
];

import type { Quantity } from "../../core/domain/quantity.ts";
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

/** Ultrasonic sensors that know how they hang: tilted, the echo comes from beside. 0 normal, 1 tilt. */
export const position = (about: Quantity): Row => ({ field: "position", bits: 8, doubts: [{ equals: [1], reason: "tilt", about: [about] }] });

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

/** Replies to a changed setting (SensorDecoders, downlink responses of the EM series): type and bytes. No readings. */
const SETTINGS: readonly (readonly [type: number, field: string | null, bytes: number])[] = [
  [0x02, "collection_interval", 2],
  [0x03, "report_interval", 2],
  [0x06, null, 9], // alarm thresholds
  [0x10, "reboot", 1],
  [0x11, "timestamp", 4],
  [0x17, "time_zone", 2],
  [0x18, null, 2], // which sensors are on
  [0x1c, null, 2], // collected again when it failed
  [0x27, "clear_history", 1],
  [0x28, "report_status", 1],
  [0x35, null, 8], // D2D key
  [0x3b, "time_sync_enable", 1],
  [0x4a, "sync_time", 1],
  [0x68, "history_enable", 1],
  [0x69, "retransmit_enable", 1],
  [0x6a, null, 3], // intervals of sending again
  [0x6d, "stop_transmit", 1],
  [0x79, null, 6], // D2D
  [0x84, "d2d_enable", 1],
  [0x96, null, 8], // D2D
  [0xea, null, 3], // calibration
  [0xf1, null, 4], // calibration
  [0xf2, "alarm_report_counts", 2],
  [0xf5, "alarm_release_enable", 1],
];

export const settings: readonly Entry[] = SETTINGS.flatMap(([type, field, bytes]) =>
  [0xfe, 0xff].map((channel) => ({ channel, type, rows: octets(field, bytes) })),
);

/** One number where it fits, else so many reserved bytes. */
function octets(field: string | null, bytes: number): Row[] {
  return field === null ? Array.from({ length: bytes }, () => reserved(8)) : [{ field, bits: bytes * 8 }];
}

import type { CodecTable, Row } from "./codec-table.ts";
import { attributes, battery, reserved, settings, temperature, timestamp } from "./milesight-entries.ts";

const airTemperature: Row = { ...temperature, gives: { quantity: "air.temperature" } };
const humidity: Row = { field: "humidity", unit: "%", bits: 8, per: 2, missing: [{ raw: 0xff, reason: "sentinel" }], gives: { quantity: "air.humidity" } };

/** Air temperature and humidity. */
export const milesightEm300Th: CodecTable = {
  id: "milesight-em300-th",
  source: "SensorDecoders em-series/em300-th README; chirpstack-device-profiles vendors/milesight",
  levelFrom: null,
  framing: {
    kind: "channels",
    entries: [
      battery,
      { channel: 0x03, type: 0x67, rows: [airTemperature] },
      { channel: 0x04, type: 0x68, rows: [humidity] },
      { channel: 0x20, type: 0xce, rows: [timestamp, airTemperature, humidity, reserved(8)], record: "history" },
      ...attributes,
      ...settings,
    ],
  },
};

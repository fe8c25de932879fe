import type { CodecTable, Row } from "./codec-table.ts";
import { attributes, battery, PROBE_ERRORS, settings, timestamp } from "./milesight-entries.ts";

const distance: Row = { field: "distance", unit: "mm", bits: 16, missing: PROBE_ERRORS, gives: { quantity: "water.distance" } };

/** Ultrasonic distance to the water, in millimetres: the codec of the TTN repository divides by 1000 against its own examples. */
export const milesightEm500Udl: CodecTable = {
  id: "milesight-em500-udl",
  source: "SensorDecoders em-series/em500-udl README; lorawan-devices em500-udl-codec.yaml",
  levelFrom: "distance",
  framing: {
    kind: "channels",
    entries: [
      battery,
      { channel: 0x03, type: 0x82, rows: [distance] },
      {
        channel: 0x83,
        type: 0xe9,
        rows: [distance, { field: "distance_mutation", unit: "mm", bits: 16 }, { field: "distance_alarm", bits: 8 }],
      },
      { channel: 0x20, type: 0xce, rows: [timestamp, distance], record: "history" },
      ...attributes,
      ...settings,
    ],
  },
};

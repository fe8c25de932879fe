import type { CodecTable } from "./codec-table.ts";
import { attributes, battery, PROBE_ERRORS, position, settings } from "./milesight-entries.ts";

/** Ultrasonic distance to the water, in millimetres, and whether the sensor hangs straight. */
export const milesightEm310Udl: CodecTable = {
  id: "milesight-em310-udl",
  source: "SensorDecoders em-series/em310-udl README",
  levelFrom: "distance",
  framing: {
    kind: "channels",
    entries: [
      battery,
      { channel: 0x03, type: 0x82, rows: [{ field: "distance", unit: "mm", bits: 16, missing: PROBE_ERRORS, gives: { quantity: "water.distance" } }] },
      { channel: 0x04, type: 0x00, rows: [position("water.distance")] },
      ...attributes,
      ...settings,
    ],
  },
};

import type { CodecTable, Row } from "./codec-table.ts";
import { attributes, battery, PROBE_ERRORS, position, reserved, settings, temperature } from "./milesight-entries.ts";

const distance: Row = { field: "distance", unit: "mm", bits: 16, missing: PROBE_ERRORS, gives: { quantity: "water.distance" } };
/** Of the housing, in sun or shade: only the site file can say that it is the air's. */
const housing: Row = { ...temperature, missing: PROBE_ERRORS, gives: { channel: "temperature", unit: "Cel" } };

/** Ultrasonic distance to the water, in millimetres, and whether the sensor hangs straight. The LoRaWAN one: NB-IoT has a frame of its own. */
export const milesightEm400Udl: CodecTable = {
  id: "milesight-em400-udl",
  source: "SensorDecoders em-series/em400-udl README",
  levelFrom: "distance",
  framing: {
    kind: "channels",
    entries: [
      battery,
      { channel: 0x03, type: 0x67, rows: [housing] },
      { channel: 0x04, type: 0x82, rows: [distance] },
      { channel: 0x05, type: 0x00, rows: [position("water.distance")] },
      { channel: 0x06, type: 0x88, rows: [reserved(32), reserved(32), { field: "motion_status", bits: 8 }] }, // longitude, latitude
      { channel: 0x83, type: 0x67, rows: [housing, { field: "temperature_alarm", bits: 8 }] },
      { channel: 0x84, type: 0x82, rows: [distance, { field: "distance_alarm", bits: 8 }] },
      ...attributes,
      ...settings,
    ],
  },
};

import type { CodecTable, Row } from "./codec-table.ts";
import { attributes, battery, PROBE_ERRORS, settings, timestamp } from "./milesight-entries.ts";

const level: Row = { field: "level", unit: "cm", bits: 16, missing: PROBE_ERRORS, gives: { quantity: "water.level" } };

/** The vendor's own name for it; the codec of the TTN repository says `level`. */
const depth: Row = { field: "depth", unit: "cm", bits: 16, sameBitsAs: "previous" };

/** Submersible pressure: centimetres of water above the sensor. */
export const milesightEm500Swl: CodecTable = {
  id: "milesight-em500-swl",
  source: "SensorDecoders em-series/em500-swl README; lorawan-devices em500-swl-codec.yaml",
  levelFrom: "head",
  framing: {
    kind: "channels",
    entries: [
      battery,
      { channel: 0x03, type: 0x77, rows: [level, depth] },
      { channel: 0x20, type: 0xce, rows: [timestamp, level, depth], record: "history" },
      {
        channel: 0xff,
        type: 0x1b, // what the probe is built for
        rows: [
          { field: "measuring_rate", bits: 8 },
          { field: "measuring_range_max", bits: 16, signed: true },
          { field: "measuring_range_min", bits: 16, signed: true },
        ],
      },
      ...attributes,
      ...settings,
    ],
  },
};

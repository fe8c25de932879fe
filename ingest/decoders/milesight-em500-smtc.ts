import type { CodecTable, Row } from "./codec-table.ts";
import { attributes, battery, PROBE_ERRORS, settings, temperature, timestamp } from "./milesight-entries.ts";

const soilTemperature: Row = { ...temperature, missing: PROBE_ERRORS, gives: { quantity: "soil.temperature" } };
const moisture: Row = { field: "humidity", unit: "%", bits: 8, per: 2, missing: [{ raw: 0xff, reason: "sentinel" }], gives: { quantity: "soil.moisture" } };
const fineMoisture: Row = { field: "humidity", unit: "%", bits: 16, per: 100, missing: PROBE_ERRORS, gives: { quantity: "soil.moisture" } };
const conductivity: Row = { field: "conductivity", unit: "µS/cm", bits: 16, missing: PROBE_ERRORS, gives: { quantity: "soil.ec", times: 0.001 } };

/** Soil moisture (0.5 % steps, 0.01 % in newer firmware), temperature and EC. The vendor's older codecs call moisture `humidity`. */
export const milesightEm500Smtc: CodecTable = {
  id: "milesight-em500-smtc",
  source: "SensorDecoders em-series/em500-smtc README; lorawan-devices em500-smtc-codec.yaml",
  levelFrom: null,
  framing: {
    kind: "channels",
    entries: [
      battery,
      { channel: 0x03, type: 0x67, rows: [soilTemperature] },
      { channel: 0x04, type: 0x68, rows: [moisture] },
      { channel: 0x04, type: 0xca, rows: [fineMoisture] },
      { channel: 0x05, type: 0x7f, rows: [conductivity] },
      {
        channel: 0x83,
        type: 0xd7,
        rows: [soilTemperature, { field: "temperature_change", unit: "°C", bits: 16, signed: true, per: 10 }, { field: "temperature_alarm", bits: 8 }],
      },
      { channel: 0x20, type: 0xce, rows: [timestamp, conductivity, soilTemperature, fineMoisture], record: "history" },
      ...attributes,
      ...settings,
    ],
  },
};

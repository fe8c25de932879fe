import type { CodecTable } from "./codec-table.ts";
import { batteryVoltage } from "./decentlab-rows.ts";

/** 1 bar of fresh water: 100 000 Pa / (1000 kg/m³ · 9.80665 m/s²). */
const CM_PER_BAR = 1019.716;

/** Submersible pressure (Keller 26, 0 to 1 bar) and water temperature. The level is the head above the sensor. */
export const decentlabDlPr26: CodecTable = {
  id: "decentlab-dl-pr26",
  source: "chirpstack-device-profiles vendors/decentlab dl-pr26-0-1, with vectors",
  levelFrom: "head",
  framing: {
    kind: "flags",
    sensors: [
      [
        {
          field: "pressure",
          displayName: "Pressure",
          unit: "bar",
          bits: 16,
          minus: 16384,
          per: 32768,
          gives: { quantity: "water.level", times: CM_PER_BAR },
        },
        {
          field: "temperature",
          displayName: "Temperature",
          unit: "°C",
          bits: 16,
          minus: 384,
          times: 0.003125,
          plus: -50,
          gives: { quantity: "water.temperature" },
        },
      ],
      [batteryVoltage],
    ],
  },
};

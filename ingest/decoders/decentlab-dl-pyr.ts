import type { CodecTable } from "./codec-table.ts";
import { batteryVoltage } from "./decentlab-rows.ts";

/** Global radiation: 5 W/m² per mV of a pyranometer read to ±3 V in 2^15 steps. */
export const decentlabDlPyr: CodecTable = {
  id: "decentlab-dl-pyr",
  source: "chirpstack-device-profiles vendors/decentlab dl-pyr, with vectors",
  levelFrom: null,
  framing: {
    kind: "flags",
    sensors: [
      [
        {
          field: "total_solar_radiation",
          displayName: "Total solar radiation",
          unit: "W⋅m⁻²",
          bits: 16,
          minus: 32768,
          times: 15000,
          per: 32768,
          gives: { quantity: "air.solarRadiation" },
        },
      ],
      [batteryVoltage],
    ],
  },
};

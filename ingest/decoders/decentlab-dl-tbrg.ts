import type { CodecTable } from "./codec-table.ts";
import { batteryVoltage } from "./decentlab-rows.ts";

/** Tipping bucket of 0.1 mm. The depth of the reporting interval is the quantity; the running total is the vendor's. */
export const decentlabDlTbrg: CodecTable = {
  id: "decentlab-dl-tbrg",
  source: "chirpstack-device-profiles vendors/decentlab dl-tbrg-01, with vectors",
  levelFrom: null,
  framing: {
    kind: "flags",
    sensors: [
      [
        { field: "precipitation", displayName: "Precipitation", unit: "mm", bits: 16, per: 10, gives: { quantity: "rain.depth" } },
        { field: "precipitation_interval", displayName: "Precipitation interval", unit: "s", bits: 16 },
        { field: "cumulative_precipitation", displayName: "Cumulative precipitation", unit: "mm", bits: 32, words: "low-first", per: 10 },
      ],
      [batteryVoltage],
    ],
  },
};

import type { CodecTable } from "./codec-table.ts";
import { batteryVoltage } from "./decentlab-rows.ts";

/** Ultrasonic distance to the water. A distance of no valid samples is none. */
export const decentlabDlMbx: CodecTable = {
  id: "decentlab-dl-mbx",
  source: "chirpstack-device-profiles vendors/decentlab dl-mbx, with vectors",
  levelFrom: "distance",
  framing: {
    kind: "flags",
    sensors: [
      [
        {
          field: "distance",
          displayName: "Distance",
          unit: "mm",
          bits: 16,
          missing: [{ zeroField: "number_of_valid_samples", reason: "sentinel" }],
          gives: { quantity: "water.distance" },
        },
        { field: "number_of_valid_samples", displayName: "Number of valid samples", bits: 16 },
      ],
      [batteryVoltage],
    ],
  },
};

import type { CodecTable } from "./codec-table.ts";

/**
 * Ultrasonic distance to the water. 0 = the transducer did not answer. Nearer than 280 mm is the blank zone, in which the echo means nothing;
 * firmware since 1.1.4 sends 20 for all of it. Without a probe the temperature reads 0.0, so only the site file can say that there is one.
 */
export const draginoLdds75: CodecTable = {
  id: "dragino-ldds75",
  source: "LDDS75 user manual, payload; vector: chirpstack-device-profiles vendors/dragino",
  levelFrom: "distance",
  framing: {
    kind: "ports",
    frames: [
      {
        fPort: 2,
        rows: [
          { field: null, bits: 2 },
          { field: "Bat", bits: 14, per: 1000, gives: { quantity: "device.batteryVoltage" } },
          {
            field: "Distance",
            bits: 16,
            missing: [
              { raw: 0, reason: "sentinel" },
              { rawBelow: 280, reason: "blank-zone" },
              { raw: 0xffff, reason: "sentinel" },
            ],
            gives: { quantity: "water.distance" },
          },
          { field: "Interrupt_flag", bits: 8 },
          {
            field: "TempC_DS18B20",
            bits: 16,
            signed: true,
            per: 10,
            missing: [{ raw: 0x7fff, reason: "sentinel" }],
            gives: { channel: "ds18b20", unit: "Cel" },
          },
          { field: "Sensor_flag", bits: 8 },
        ],
      },
    ],
  },
};

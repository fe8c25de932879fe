import type { CodecTable } from "./codec-table.ts";

/**
 * Soil moisture, temperature and EC. Soil temperature is two's complement: the vendor's manual and codec subtract 0xFFFF
 * and come out 0.01 °C too warm below zero. EC is in µS/cm.
 */
export const draginoLse01: CodecTable = {
  id: "dragino-lse01",
  source: "LSE01 user manual §2.3; vectors: lorawan-devices vendor/dragino/lse01-codec.yaml",
  levelFrom: null,
  framing: {
    kind: "ports",
    frames: [
      {
        fPort: 2,
        rows: [
          { field: null, bits: 2 },
          { field: "Bat", bits: 14, per: 1000, gives: { quantity: "device.batteryVoltage" } },
          {
            field: "TempC_DS18B20",
            bits: 16,
            signed: true,
            per: 10,
            missing: [{ raw: 0x7fff, reason: "sentinel" }],
            gives: { channel: "ds18b20", unit: "Cel" },
          },
          { field: "water_SOIL", bits: 16, per: 100, missing: [{ raw: 0xffff, reason: "sentinel" }], gives: { quantity: "soil.moisture" } },
          { field: "temp_SOIL", bits: 16, signed: true, per: 100, missing: [{ raw: 0x7fff, reason: "sentinel" }], gives: { quantity: "soil.temperature" } },
          { field: "conduct_SOIL", bits: 16, missing: [{ raw: 0xffff, reason: "sentinel" }], gives: { quantity: "soil.ec", times: 0.001 } },
          { field: null, bits: 8 }, // interrupt and mode flags
        ],
      },
    ],
  },
};

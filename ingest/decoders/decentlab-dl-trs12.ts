import type { CodecTable } from "./codec-table.ts";
import { batteryVoltage } from "./decentlab-rows.ts";

/** Soil moisture (m³/m³), temperature and EC (µS/cm). A probe in air gives a negative moisture: kept, not clamped. */
export const decentlabDlTrs12: CodecTable = {
  id: "decentlab-dl-trs12",
  source: "chirpstack-device-profiles vendors/decentlab dl-trs12, with vectors",
  levelFrom: null,
  framing: {
    kind: "flags",
    sensors: [
      [
        {
          field: "dielectric_permittivity",
          displayName: "Dielectric permittivity",
          bits: 16,
          curve: (raw) => (2.887e-9 * (raw / 10) ** 3 - 2.08e-5 * (raw / 10) ** 2 + 0.05276 * (raw / 10) - 43.39) ** 2,
        },
        {
          field: "volumetric_water_content",
          displayName: "Volumetric water content",
          unit: "m³⋅m⁻³",
          bits: 16,
          sameBitsAs: "previous",
          times: 0.0003879,
          per: 10,
          plus: -0.6956,
          gives: { quantity: "soil.moisture", times: 100 },
        },
        {
          field: "soil_temperature",
          displayName: "Soil temperature",
          unit: "°C",
          bits: 16,
          minus: 32768,
          per: 10,
          gives: { quantity: "soil.temperature" },
        },
        {
          field: "electrical_conductivity",
          displayName: "Electrical conductivity",
          unit: "µS⋅cm⁻¹",
          bits: 16,
          gives: { quantity: "soil.ec", times: 0.001 },
        },
      ],
      [batteryVoltage],
    ],
  },
};

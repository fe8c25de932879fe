import type { Row } from "./codec-table.ts";

/** The last sensor of every Decentlab device. */
export const batteryVoltage: Row = {
  field: "battery_voltage",
  displayName: "Battery voltage",
  unit: "V",
  bits: 16,
  per: 1000,
  gives: { quantity: "device.batteryVoltage" },
};

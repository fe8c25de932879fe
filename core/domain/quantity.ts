/**
 * The quantities of DESIGN.md §6: what is measured, in which unit (UCUM), and where it stands in InfluxDB.
 * Adding a quantity is adding a row; names, units and the map follow from it.
 */
export const QUANTITIES = {
  "water.level": { unit: "cm", measurement: "water", field: "level" }, // above the field's surface
  "water.distance": { unit: "mm", measurement: "water", field: "distance" }, // sensor to surface
  "water.temperature": { unit: "Cel", measurement: "water", field: "temperature" },
  "soil.temperature": { unit: "Cel", measurement: "soil", field: "temperature" },
  "soil.moisture": { unit: "%", measurement: "soil", field: "moisture" }, // volumetric
  "soil.ec": { unit: "dS/m", measurement: "soil", field: "ec" },
  "air.temperature": { unit: "Cel", measurement: "air", field: "temperature" },
  "air.humidity": { unit: "%", measurement: "air", field: "humidity" },
  "air.pressure": { unit: "hPa", measurement: "air", field: "pressure" },
  "air.solarRadiation": { unit: "W/m2", measurement: "air", field: "solar_radiation" },
  "rain.depth": { unit: "mm", measurement: "rain", field: "depth" }, // per reporting interval
  "wind.speed": { unit: "m/s", measurement: "wind", field: "speed" },
  "wind.direction": { unit: "deg", measurement: "wind", field: "direction" },
  "device.batteryVoltage": { unit: "V", measurement: "device", field: "battery_voltage" },
  "device.batteryPercent": { unit: "%", measurement: "device", field: "battery_percent" },
  "radio.rssi": { unit: "dB[mW]", measurement: "radio", field: "rssi" },
  "radio.snr": { unit: "dB", measurement: "radio", field: "snr" },
} as const satisfies Record<string, { unit: string; measurement: string; field: string }>;

export type Quantity = keyof typeof QUANTITIES;

export function isQuantity(text: string): text is Quantity {
  return Object.hasOwn(QUANTITIES, text);
}

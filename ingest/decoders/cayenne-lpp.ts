import type { CodecTable, Row } from "./codec-table.ts";

/** Three numbers of one kind, each of `bits`. */
function triple(field: string, parts: readonly [string, string, string], row: Omit<Row, "field" | "part">): Row[] {
  return parts.map((part) => ({ field, part, ...row }));
}

/**
 * Cayenne Low Power Payload: what many hobby and town-made sensors send. A type is no quantity (a temperature may be the water's or the air's), so
 * the site file names each channel: `"channels": { "temperature_1": "water.temperature", "relative_humidity_2": "air.humidity" }`. Names are those
 * of The Things Stack's formatter; types above 0x88 and from 0x64 on that myDevices does not list are the extended ones of common libraries.
 */
export const cayenneLpp: CodecTable = {
  id: "cayenne-lpp",
  source: "docs.mydevices.com, Cayenne LPP, with examples; extended types: ElectronicCats CayenneLPP",
  levelFrom: "distance",
  framing: {
    kind: "types",
    types: [
      { type: 0x00, rows: [{ field: "digital_in", bits: 8, gives: { channel: "digital_in", unit: null } }] },
      { type: 0x01, rows: [{ field: "digital_out", bits: 8 }] },
      { type: 0x02, rows: [{ field: "analog_in", bits: 16, signed: true, per: 100, gives: { channel: "analog_in", unit: null } }] },
      { type: 0x03, rows: [{ field: "analog_out", bits: 16, signed: true, per: 100 }] },
      { type: 0x64, rows: [{ field: "generic", bits: 32, gives: { channel: "generic", unit: null } }] },
      { type: 0x65, rows: [{ field: "luminosity", unit: "lx", bits: 16 }] },
      { type: 0x66, rows: [{ field: "presence", bits: 8 }] },
      { type: 0x67, rows: [{ field: "temperature", unit: "°C", bits: 16, signed: true, per: 10, gives: { channel: "temperature", unit: "Cel" } }] },
      { type: 0x68, rows: [{ field: "relative_humidity", unit: "%", bits: 8, per: 2, gives: { channel: "relative_humidity", unit: "%" } }] },
      { type: 0x71, rows: triple("accelerometer", ["x", "y", "z"], { unit: "G", bits: 16, signed: true, per: 1000 }) },
      {
        type: 0x73,
        rows: [
          { field: "barometric_pressure", unit: "hPa", bits: 16, per: 10, gives: { channel: "barometric_pressure", unit: "hPa", otherwise: "air.pressure" } },
        ],
      },
      { type: 0x74, rows: [{ field: "voltage", unit: "V", bits: 16, per: 100, gives: { channel: "voltage", unit: "V" } }] },
      { type: 0x75, rows: [{ field: "current", unit: "A", bits: 16, per: 1000 }] },
      { type: 0x76, rows: [{ field: "frequency", unit: "Hz", bits: 32 }] },
      { type: 0x78, rows: [{ field: "percentage", unit: "%", bits: 8, gives: { channel: "percentage", unit: "%" } }] },
      { type: 0x79, rows: [{ field: "altitude", unit: "m", bits: 16, signed: true, gives: { channel: "altitude", unit: "m" } }] },
      { type: 0x7d, rows: [{ field: "concentration", unit: "ppm", bits: 16 }] },
      { type: 0x80, rows: [{ field: "power", unit: "W", bits: 16 }] },
      { type: 0x82, rows: [{ field: "distance", unit: "m", bits: 32, per: 1000, gives: { channel: "distance", unit: "m" } }] },
      { type: 0x83, rows: [{ field: "energy", unit: "kWh", bits: 32, per: 1000 }] },
      { type: 0x84, rows: [{ field: "direction", unit: "deg", bits: 16, gives: { channel: "direction", unit: "deg" } }] },
      { type: 0x85, rows: [{ field: "unixtime", bits: 32 }] },
      { type: 0x86, rows: triple("gyrometer", ["x", "y", "z"], { unit: "°/s", bits: 16, signed: true, per: 100 }) },
      { type: 0x87, rows: triple("colour", ["r", "g", "b"], { bits: 8 }) },
      {
        type: 0x88,
        rows: [
          { field: "gps", part: "latitude", bits: 24, signed: true, per: 10_000 },
          { field: "gps", part: "longitude", bits: 24, signed: true, per: 10_000 },
          { field: "gps", part: "altitude", bits: 24, signed: true, per: 100 },
        ],
      },
      { type: 0x8e, rows: [{ field: "switch", bits: 8 }] },
    ],
  },
};

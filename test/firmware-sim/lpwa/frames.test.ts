import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encodeMbx, encodePr26, encodeTrs12 } from "../../../firmware-sim/lpwa/frames/decentlab.ts";
import { encodeLdds75, encodeLht65n, encodeLse01 } from "../../../firmware-sim/lpwa/frames/dragino.ts";
import { encodeEm500Swl } from "../../../firmware-sim/lpwa/frames/milesight.ts";
import { describeNeeding, sharedPath } from "../../support/requirements.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex").toUpperCase();

/** What a product publishes as an example, value for value: chirpstack-device-profiles and lorawan-devices, see the decoders' sources. */
describe("a frame is byte for byte what the maker publishes for these values", () => {
  test.each([
    [
      "DL-PR26",
      () => encodePr26({ deviceId: 359, sensor: { pressureBar: -0.01171875, temperatureCel: 25.671875 }, batteryV: 3.199 }),
      "02016700033E8060170C7F",
    ],
    ["DL-PR26, battery only", () => encodePr26({ deviceId: 359, sensor: null, batteryV: 3.199 }), "02016700020C7F"],
    ["DL-MBX", () => encodeMbx({ deviceId: 303, sensor: { distanceMm: 1234, validSamples: 1 }, batteryV: 2.993 }), "02012F000304D200010BB1"],
    ["DL-MBX, battery only", () => encodeMbx({ deviceId: 303, sensor: null, batteryV: 2.993 }), "02012F00020BB1"],
    [
      "DL-TRS12",
      () => encodeTrs12({ deviceId: 4307, sensor: { waterContent: 0.0068869, soilCel: 31.7, ecUsPerCm: 0 }, batteryV: 3.2 }),
      "0210D3000346BE813D00000C80",
    ],
    ["LDDS75", () => encodeLdds75({ batteryV: 3.338, distanceMm: 2025, probeCel: 0, sensorFlag: 1 }), "0D0A07E900000001"],
    [
      "LHT65N without probe",
      () => encodeLht65n({ batteryV: 3.014, batteryStatus: 3, airCel: 1.3, humidityPct: 24.2, probeCel: null }),
      "CBC6008200F2017FFF7FFF",
    ],
    ["LHT65N below zero", () => encodeLht65n({ batteryV: 3.014, batteryStatus: 3, airCel: -2, humidityPct: 24.2, probeCel: null }), "CBC6FF3800F2017FFF7FFF"],
    [
      "LSE01",
      () => encodeLse01({ batteryV: 3.625, batteryStatus: 3, probeCel: 24.1, moisturePct: 19.57, soilCel: 24.59, ecUsPerCm: 28_200, status: 0x90 }),
      "CE2900F107A5099B6E2890",
    ],
    [
      "LSE01 below zero, two's complement",
      () => encodeLse01({ batteryV: 3.625, batteryStatus: 3, probeCel: -10, moisturePct: 19.57, soilCel: -1, ecUsPerCm: 28_200, status: 0x90 }),
      "CE29FF9C07A5FF9C6E2890",
    ],
    ["EM500-SWL", () => encodeEm500Swl({ batteryPct: 92, levelCm: 2 }), "01755C03770200"],
    ["EM500-SWL, little-endian", () => encodeEm500Swl({ batteryPct: 100, levelCm: 300 }), "01756403772C01"],
  ])("%s", (_, encode, expected) => expect(hex(encode())).toBe(expected));

  test("a value that does not fit is refused", () => {
    expect(() => encodeLdds75({ batteryV: 3.3, distanceMm: 70_000, probeCel: 0, sensorFlag: 1 })).toThrow(RangeError);
    expect(() => encodeEm500Swl({ batteryPct: 50, levelCm: -1 })).toThrow(RangeError);
    expect(() => encodeLdds75({ batteryV: 3.3, distanceMm: Number.NaN, probeCel: 0, sensorFlag: 1 })).toThrow(RangeError);
  });
});

type Data = Record<string, never>;
interface Vector {
  readonly fPort: number;
  readonly bytesHex: string;
  readonly expected: { readonly data?: Data };
  readonly actual?: { readonly data: Data };
}

/** The maker's decoded values, back to bytes. */
const ENCODERS: Readonly<Record<string, (data: Data) => Uint8Array>> = {
  "decentlab-dl-pr26": (d) => {
    const v = valuesOf(d);
    const sensor = v["pressure"] === undefined ? null : { pressureBar: v["pressure"], temperatureCel: Number(v["temperature"]) };
    return encodePr26({ deviceId: Number(v["device_id"]), sensor, batteryV: Number(v["battery_voltage"]) });
  },
  "decentlab-dl-mbx": (d) => {
    const v = valuesOf(d);
    const sensor = v["distance"] === undefined ? null : { distanceMm: v["distance"], validSamples: Number(v["number_of_valid_samples"]) };
    return encodeMbx({ deviceId: Number(v["device_id"]), sensor, batteryV: Number(v["battery_voltage"]) });
  },
  "decentlab-dl-trs12": (d) => {
    const v = valuesOf(d);
    const soil = { soilCel: Number(v["soil_temperature"]), ecUsPerCm: Number(v["electrical_conductivity"]) };
    const sensor = v["volumetric_water_content"] === undefined ? null : { waterContent: v["volumetric_water_content"], ...soil };
    return encodeTrs12({ deviceId: Number(v["device_id"]), sensor, batteryV: Number(v["battery_voltage"]) });
  },
  "dragino-ldds75": (d) =>
    encodeLdds75({ batteryV: d["Bat"] ?? 0, distanceMm: d["Distance"] ?? 0, probeCel: Number(d["TempC_DS18B20"]), sensorFlag: d["Sensor_flag"] ?? 0 }),
  "dragino-lht65n": (d) => {
    const probeCel = d["TempC_DS"] === 327.67 ? null : (d["TempC_DS"] ?? null);
    return encodeLht65n({
      batteryV: d["BatV"] ?? 0,
      batteryStatus: d["Bat_status"] ?? 0,
      airCel: d["TempC_SHT"] ?? 0,
      humidityPct: d["Hum_SHT"] ?? 0,
      probeCel,
    });
  },
  "ttn-dragino-lse01": (d) => {
    const soil = { moisturePct: Number(d["water_SOIL"]), soilCel: Number(d["temp_SOIL"]), ecUsPerCm: d["conduct_SOIL"] ?? 0 };
    return encodeLse01({ batteryV: d["Bat"] ?? 0, batteryStatus: 3, probeCel: Number(d["TempC_DS18B20"]), ...soil, status: 0x90 });
  },
  "ttn-milesight-em500-swl": (d) => encodeEm500Swl({ batteryPct: d["battery"] ?? 0, levelCm: d["level"] ?? 0 }),
  "milesight-readme-em500-swl": (d) => encodeEm500Swl({ batteryPct: d["battery"] ?? 0, levelCm: d["depth"] ?? 0 }),
};

/** Decentlab's `{ value, unit }` objects, unwrapped. */
function valuesOf(data: Data): Record<string, number | undefined> {
  return Object.fromEntries(
    Object.entries(data as Record<string, unknown>).map(([k, v]) => [k, typeof v === "object" ? (v as { value: number }).value : Number(v)]),
  );
}

describeNeeding(["shared"], "every published vector of a simulated product", () => {
  const { devices } = JSON.parse(readFileSync(sharedPath("lpwa/codec-vectors.json"), "utf8")) as { devices: { id: string; vectors: Vector[] }[] };
  const rows = devices.flatMap(({ id, vectors }) => vectors.flatMap((v) => (v.expected.data && ENCODERS[id] ? [{ id, ...v, data: v.expected.data }] : [])));

  test("all seven products are covered", () => {
    expect(new Set(rows.map((r) => r.id))).toEqual(new Set(Object.keys(ENCODERS)));
  });
  test.each(rows)("$id $bytesHex", ({ id, data, bytesHex }) => {
    expect(hex((ENCODERS[id] as (d: Data) => Uint8Array)(data))).toBe(bytesHex);
  });
});

import { describe, expect, test } from "vitest";
import type { Uplink } from "../../../core/domain/uplink.ts";
import { senmlCodec, senmlValues } from "../../../core/wire/senml.ts";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { RECEIVED_AT_MS, utf8 } from "./envelopes.ts";

const parse = (pack: unknown): Uplink => parseUplink("azemichi/v1/devices/kita-3-level/senml", utf8(pack), RECEIVED_AT_MS);
function recordsOf(pack: unknown) {
  const uplink = parse(pack);
  if (uplink.kind !== "senml") throw new Error(JSON.stringify(uplink));
  return uplink.records;
}

describe("resolving (RFC 8428 §4.6)", () => {
  // The shape of RFC 8428 §5.1.3: base name, base time and base unit, then records relative to them.
  test("base name, time and unit hold until they are set again", () => {
    const records = recordsOf([
      { bn: "urn:dev:ow:10e2073a0108006:", bt: 1.78e9, bu: "V", bver: 5, n: "device.batteryVoltage", v: 3.6 },
      { n: "device.batteryVoltage", t: -5, v: 3.5 },
      { n: "water.temperature", u: "Cel", t: -4, v: 19.5 },
      { bn: "", bt: 1.78e9 + 100, bu: "Cel", n: "air.temperature", v: 21 },
    ]);
    expect(records).toEqual([
      { name: "urn:dev:ow:10e2073a0108006:device.batteryVoltage", value: 3.6, unit: "V", timeMs: 1.78e12 },
      { name: "urn:dev:ow:10e2073a0108006:device.batteryVoltage", value: 3.5, unit: "V", timeMs: 1.78e12 - 5000 },
      { name: "urn:dev:ow:10e2073a0108006:water.temperature", value: 19.5, unit: "Cel", timeMs: 1.78e12 - 4000 },
      { name: "air.temperature", value: 21, unit: "Cel", timeMs: 1.78e12 + 100_000 },
    ]);
  });

  test("the base value is added, in the unit of the record", () => {
    expect(
      recordsOf([
        { bv: 273.15, bu: "K", n: "air.temperature", v: 20 },
        { n: "soil.temperature", v: 5 },
      ]).map((r) => r.value),
    ).toEqual([20, 5]);
  });

  test("a first record may hold base fields only", () => {
    expect(
      recordsOf([
        { bn: "water.", bt: 1.78e9 },
        { n: "level", v: 4 },
      ]),
    ).toEqual([{ name: "water.level", value: 4, unit: "cm", timeMs: 1.78e12 }]);
  });

  test.each([
    ["no time is null", { v: 4 }, null],
    ["zero is now, which our receipt says better", { v: 4, t: 0 }, null],
    ["below 2^28 is relative to receipt", { v: 4, t: -90 }, RECEIVED_AT_MS - 90_000],
    ["from 2^28 on it is absolute", { v: 4, t: 2 ** 28 }, 2 ** 28 * 1000],
    ["a relative time on a relative base", { v: 4, bt: -60, t: -30.5 }, RECEIVED_AT_MS - 90_500],
    ["fractions to the millisecond", { v: 4, t: 1780272000.1234 }, 1_780_272_000_123],
  ])("time: %s", (_name, record, timeMs) => expect(recordsOf([{ n: "water.level", ...record }])[0]?.timeMs).toBe(timeMs));
});

describe("quantities and units", () => {
  test.each([
    ["water.level", "m", 0.07, 7],
    ["water.level", "cm", 7, 7],
    ["water.level", "mm", 65, 6.5],
    ["water.level", undefined, 7, 7],
    ["water.distance", "m", 0.68, 680],
    ["water.distance", "cm", 68, 680],
    ["water.temperature", "K", 293.15, 20],
    ["air.humidity", "%RH", 61.5, 61.5],
    ["air.humidity", "/", 0.615, 61.5],
    ["soil.moisture", "%", 31, 31],
    ["soil.moisture", "m3/m3", 0.31, 31],
    ["soil.ec", "uS/cm", 240, 0.24],
    ["soil.ec", "mS/cm", 0.24, 0.24],
    ["soil.ec", "S/m", 0.024, 0.24],
    ["air.pressure", "Pa", 100_730, 1007.3],
    ["air.solarRadiation", "W/m2", 812, 812],
    ["wind.speed", "m/s", 3.4, 3.4],
    ["wind.speed", "km/h", 36, 10],
    ["wind.direction", "deg", 270, 270],
    ["rain.depth", "mm", 0.5, 0.5],
    ["device.batteryPercent", "%EL", 88, 88],
    ["device.batteryVoltage", "mV", 3600, 3.6],
    ["radio.rssi", "dBm", -101, -101],
    ["radio.snr", "dB", -4.2, -4.2],
  ])("%s in %s", (n, u, v, expected) => expect(recordsOf([{ n, u, v }])[0]?.value).toBe(expected));

  test("a depth stands behind the quantity", () => {
    const values = senmlValues(
      recordsOf([
        { bn: "urn:dev:mac:0024befffe804ff1/", n: "soil.moisture:10", v: 31 },
        { n: "soil.moisture:22.5", v: 33, t: 1.78e9 },
      ]),
    );
    expect(values).toEqual([
      { quantity: "soil.moisture", depthCm: 10, value: 31, timeMs: null, reasons: [] },
      { quantity: "soil.moisture", depthCm: 22.5, value: 33, timeMs: 1.78e12, reasons: [] },
    ]);
  });
});

/** A record that gives no value. Beside one that does it is a warning; alone it makes the pack malformed. Either way it is named. */
describe("what is no reading", () => {
  const good = { n: "water.level", v: 4 };
  test.each([
    ["an unknown name", { n: "mud.depth", v: 1 }, '"mud.depth" names no known quantity'],
    ["no name", { v: 1 }, '"" is not a SenML name'],
    ["a name with a space", { n: "the water.level", v: 1 }, "is not a SenML name"],
    ["a name that is no text", { n: 5, v: 1 }, "n is not text"],
    ["an inherited name", { n: "constructor.name", v: 1 }, "names no known quantity"],
    ["too deep", { n: "soil.moisture:1500", v: 1 }, "names no known quantity"],
    ["a unit that does not measure it", { n: "water.level", u: "Cel", v: 1 }, '"water.level" cannot be in "Cel", but in cm'],
    ["a unit that is no text", { n: "water.level", u: 5, v: 1 }, "is not text"],
    ["relative humidity of the soil", { n: "soil.moisture", u: "%RH", v: 1 }, 'cannot be in "%RH"'],
    ["an inherited unit", { n: "water.level", u: "toString", v: 1 }, "cannot be in"],
    ["text for a value", { n: "water.level", vs: "high" }, '"water.level" has no numeric value (v)'],
    ["a switch for a value", { n: "device.door", vb: true }, "has no numeric value"],
    ["a sum only", { n: "water.level", s: 100 }, "has no numeric value"],
    ["no value", { n: "water.level" }, "has no numeric value"],
    ["null for a value", { n: "water.level", v: null }, "has no numeric value"],
    ["a value as text", { n: "water.level", v: "4" }, "has no numeric value"],
    ["a conversion beyond a double", { n: "water.level", u: "m", v: 1e308 }, "has a value out of range"],
    ["a time beyond the calendar", { ...good, t: 1e300 }, "has a time out of range"],
    ["a time as text", { ...good, t: "now" }, "has a time (t) that is not a number"],
  ])("%s", (_name, record, reason) => {
    const beside = parse([good, record]);
    expect(beside).toMatchObject({
      kind: "senml",
      records: [{ name: "water.level", value: 4 }],
      warnings: [expect.stringMatching(/^record 1: /)],
    });
    expect(beside.kind === "senml" && beside.warnings[0]).toContain(reason);
    const alone = parse([record]);
    expect(alone).toMatchObject({ kind: "malformed", reason: expect.stringContaining(reason) });
    expect(alone.kind === "malformed" && alone.reason).toContain("record 0: ");
  });

  test("warnings stay few", () => {
    const uplink = parse([good, ...Array.from({ length: 400 }, () => ({ n: "mud.depth", v: 1 }))]);
    expect(uplink).toMatchObject({ kind: "senml", records: { length: 1 }, warnings: { length: 8 } });
  });
  test("null is absent", () => {
    expect(recordsOf([{ bn: null, bt: null, n: "water.level", u: null, v: 4, t: null }])).toEqual([
      { name: "water.level", value: 4, unit: "cm", timeMs: null },
    ]);
  });
  test("of two values for one quantity, depth and time the later holds", () => {
    const twice = recordsOf([good, { n: "water.level", v: 5 }, { n: "water.level", v: 6, t: 1.78e9 }]);
    expect(senmlValues(twice).map((v) => v.value)).toEqual([5, 6]);
  });
});

describe("what spoils the whole pack", () => {
  const good = { n: "water.level", v: 4 };
  test.each([
    ["a field that must be understood", [{ ...good, hyst_: 3 }], "record 0: field hyst_ must be understood and is not"],
    ["a version after RFC 8428", [{ ...good, bver: 11 }], "record 0: bver 11 is newer than 10"],
    ["a base name that is no text", [good, { bn: 5, n: "water.level", v: 1 }], "record 1: bn is not text"],
    ["a base time that is no number", [{ bt: "now", n: "water.level", v: 1 }], "record 0: bt is not a number"],
    ["a base unit that is no text", [{ bu: 5, n: "water.level", v: 1 }], "bu is not text"],
    ["a base value that is no number", [{ bv: "1", n: "water.level", v: 1 }], "bv is not a number"],
    ["a record that is none", [good, 5], "record 1: is not an object"],
    ["a value beyond a double", '[{"n":"water.level","v":1e999}]', "has a value out of range"],
    ["base fields only", [{ bn: "x" }], "no record holds a value"],
    ["no records", [], "no record holds a value"],
    ["one record without its list", good, "is an array of records"],
    ["more records than a message has room for", Array.from({ length: 8193 }, () => good), "8193 records, at most 8192"],
  ])("%s", (_name, pack, reason) => {
    const uplink = parse(pack);
    expect(uplink.kind).toBe("malformed");
    if (uplink.kind === "malformed") expect(uplink.reason).toContain(reason);
  });

  test("a full message of records is read", () => expect(recordsOf(Array.from({ length: 8192 }, () => good))).toHaveLength(8192));
});

test("the codec of SenML has an identity", () => {
  expect(senmlCodec).toEqual({ id: "senml", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

import fc from "fast-check";
import { crc24q, decodeMessage, encodeMessage, frameOf, type RtcmMessage, withArpOffset, withDescriptors, withPosition } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding } from "../../support/requirements.ts";
import { anyFrameOf, MSM_TYPES, TABLE_TYPES } from "../arbitraries.ts";
import { CAPTURES, readCapture } from "../captures.ts";
import { EXAMPLE_1005, ZERO_LENGTH } from "../fixtures.ts";

type Positioned = Extract<RtcmMessage, { kind: "1005" | "1006" }>;

const EXAMPLE = decodeMessage(EXAMPLE_1005) as Positioned;
const EXAMPLE_1006 = encodeMessage({ ...EXAMPLE, kind: "1006", antennaHeightM: 1.5 });
const NO_MOVE = { xM: 0, yM: 0, zM: 0 };

const steps = (most: number) => fc.integer({ min: -most, max: most });

describe("ARP offset", () => {
  test("moves the standard's worked example (station 2003) to the tenth of a millimetre", () => {
    const moved = withArpOffset(EXAMPLE_1005, { xM: 0.1, yM: -0.12345, zM: 1000.00004 });
    expect(crc24q(moved)).toBe(0);
    expect(decodeMessage(moved)).toEqual({ ...EXAMPLE, xM: 1_114_104.6999, yM: -4_850_729.8342, zM: 3_976_521.4643 });
    expect(EXAMPLE).toMatchObject({ xM: 1_114_104.5999, yM: -4_850_729.7108, zM: 3_975_521.4643 });
  });

  test("is exact on the grid of the field, wherever the base stands; all else stays", () => {
    fc.assert(
      fc.property(steps(6.4e10), steps(6.4e10), steps(6.4e10), steps(1e7), fc.boolean(), (x, y, z, by, tall) => {
        const at = { xM: x / 1e4, yM: y / 1e4, zM: z / 1e4 };
        const message = tall ? { ...EXAMPLE, ...at, kind: "1006" as const, antennaHeightM: 2.3456 } : { ...EXAMPLE, ...at };
        const moved = decodeMessage(withArpOffset(encodeMessage(message as Positioned), { xM: by / 1e4, yM: -by / 1e4, zM: by / 1e4 }));
        expect(moved).toEqual({ ...message, xM: (x + by) / 1e4, yM: (y - by) / 1e4, zM: (z + by) / 1e4 });
      }),
    );
  });

  test("leaves every other frame as it is", () => {
    const others = [...TABLE_TYPES.filter((type) => type !== 1005 && type !== 1006), ...MSM_TYPES, 4072];
    fc.assert(
      fc.property(
        fc.constantFrom(...others).chain((type) => anyFrameOf(type)),
        (frame) => withArpOffset(frame, { xM: 1, yM: 2, zM: 3 }) === frame,
      ),
    );
    expect(withArpOffset(ZERO_LENGTH, { xM: 1, yM: 2, zM: 3 })).toBe(ZERO_LENGTH);
  });

  test("what cannot be moved becomes a filler: a position that was not moved must not pass for one that was", () => {
    for (const payload of [EXAMPLE_1005.subarray(3, -4), EXAMPLE_1006.subarray(3, -4), EXAMPLE_1005.subarray(3, 5)]) {
      expect(withArpOffset(frameOf(payload), NO_MOVE)).toEqual(ZERO_LENGTH);
    }
    expect(withArpOffset(EXAMPLE_1005, { ...NO_MOVE, xM: 13_000_000 })).toEqual(ZERO_LENGTH);
    for (const xM of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => withArpOffset(EXAMPLE_1005, { ...NO_MOVE, xM })).toThrow(expect.objectContaining({ code: "OUT_OF_RANGE" }));
    }
  });

  test("no payload under a valid CRC makes it throw", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1005, 1006).chain((type) => anyFrameOf(type, 40)),
        (frame) => crc24q(withArpOffset(frame, { xM: 0.0001, yM: 1, zM: -1 })) === 0,
      ),
      { numRuns: 500 },
    );
  });
});

describe("position", () => {
  const there = { xM: -3_961_904.9001, yM: 3_348_993.0002, zM: 3_698_211.7003 };

  test("of 1005 and 1006 is replaced, the height of 1006 if it is given; all else stays", () => {
    expect(decodeMessage(withPosition(EXAMPLE_1005, { ...there, antennaHeightM: 3 }))).toEqual({ ...EXAMPLE, ...there });
    expect(decodeMessage(withPosition(EXAMPLE_1006, there))).toEqual({ ...EXAMPLE, ...there, kind: "1006", antennaHeightM: 1.5 });
    expect(decodeMessage(withPosition(EXAMPLE_1006, { ...there, antennaHeightM: 0 }))).toMatchObject({ antennaHeightM: 0 });
    const other = frameOf(Uint8Array.of(1033 >> 4, (1033 & 15) << 4, 0));
    expect(withPosition(other, there)).toBe(other);
    expect(withPosition(frameOf(EXAMPLE_1005.subarray(3, 10)), there)).toEqual(ZERO_LENGTH);
  });

  test("beyond the field it is refused", () => {
    expect(() => withPosition(EXAMPLE_1005, { ...there, xM: 14_000_000 })).toThrow(expect.objectContaining({ code: "OUT_OF_RANGE" }));
  });
});

describe("descriptors", () => {
  const head = { stationId: 5, antenna: "TRM57971.00     NONE", setupId: 1 };
  const wanted = { antenna: "ADVNULLANTENNA  NONE", setupId: 0, antennaSerial: "", receiver: "u-blox ZED-F9P", firmware: "1.32", receiverSerial: "é42" };
  const serial = { ...head, antennaSerial: "4811118331" };
  const receiver = { receiver: "TRIMBLE NETR9", firmware: "5.10", receiverSerial: "5134K78765" };

  test.each([
    ["1007", { ...head, kind: "1007" as const }, { antenna: wanted.antenna, setupId: 0 }],
    ["1008", { ...serial, kind: "1008" as const }, { antenna: wanted.antenna, setupId: 0, antennaSerial: "" }],
    ["1033", { ...serial, ...receiver, kind: "1033" as const }, wanted],
  ])("of %s are replaced as far as it holds them", (_, message, expected) => {
    const frame = encodeMessage(message);
    const rewritten = withDescriptors(frame, wanted);
    expect(crc24q(rewritten)).toBe(0);
    expect(decodeMessage(rewritten)).toEqual({ ...message, ...expected });
    expect(withDescriptors(frame, {})).toEqual(frame);
    expect(decodeMessage(withDescriptors(frame, { receiver: "X" }))).toEqual("receiver" in message ? { ...message, receiver: "X" } : message);
    expect(withDescriptors(frameOf(frame.subarray(3, 8)), wanted)).toEqual(ZERO_LENGTH);
  });

  test.each([{ antenna: "x".repeat(32) }, { receiver: "農地" }, { setupId: 256 }])("%j is refused", (descriptors) => {
    const frame = encodeMessage({ ...serial, ...receiver, kind: "1033" });
    expect(() => withDescriptors(frame, descriptors)).toThrow(expect.objectContaining({ code: "OUT_OF_RANGE" }));
  });

  test("other frames stay", () => expect(withDescriptors(EXAMPLE_1005, wanted)).toBe(EXAMPLE_1005));
});

describeNeeding(["shared"], "station messages of real captures", () => {
  test.each(CAPTURES)("%s: moved there and back, and with the descriptors they have, they are the same bytes", (name) => {
    for (const frame of readCapture(name).frames) {
      const there = withArpOffset(frame, { xM: 1.2345, yM: -300, zM: 0.0001 });
      expect(withArpOffset(there, { xM: -1.2345, yM: 300, zM: -0.0001 })).toEqual(frame);
      expect(withDescriptors(frame, {})).toEqual(frame);
    }
  });
});

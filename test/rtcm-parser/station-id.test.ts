import fc from "fast-check";
import { crc24q, decodeMessage, frameOf, stationId, withStationId } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { anyFrameOf, MSM_TYPES, TABLE_TYPES } from "./arbitraries.ts";
import { readCapture } from "./captures.ts";
import { EXAMPLE_1005, ZERO_LENGTH } from "./fixtures.ts";

const EPHEMERIDES = [1019, 1020, 1042, 1044, 1045, 1046];
const WITH_ID = [...TABLE_TYPES.filter((type) => !EPHEMERIDES.includes(type)), 1034, 1035, ...MSM_TYPES];

/** Bits before the station id: the type, in 1030 and 1031 also the time. */
const placeOf = (type: number): number => ({ 1030: 32, 1031: 29 })[type] ?? 12;
const bitsOf = (frame: Uint8Array): string => Array.from(frame.subarray(3, -3), (byte) => byte.toString(2).padStart(8, "0")).join("");

describe("station id", () => {
  test("of the standard's worked example, and another in its place", () => {
    expect(stationId(EXAMPLE_1005)).toBe(2003);
    const other = withStationId(EXAMPLE_1005, 1);
    expect(stationId(EXAMPLE_1005)).toBe(2003); // the given frame stays as it was
    expect(decodeMessage(other)).toEqual({ ...decodeMessage(EXAMPLE_1005), stationId: 1 });
    expect(withStationId(other, 2003)).toEqual(EXAMPLE_1005);
  });

  test("a Buffer is copied, not changed", () => {
    const frame = Buffer.from(EXAMPLE_1005);
    withStationId(frame, 1);
    expect(new Uint8Array(frame)).toEqual(EXAMPLE_1005);
  });

  test("in any frame that has one, nothing but the id and the CRC changes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WITH_ID).chain((type) => anyFrameOf(type)),
        fc.integer({ min: 0, max: 4095 }),
        (frame, id) => {
          const found = withStationId(frame, id);
          const place = placeOf(((frame[3] as number) << 4) | ((frame[4] as number) >> 4));
          const before = bitsOf(frame);
          if (before.length < place + 12) {
            expect(found).toBe(frame); // too short to hold one
            return;
          }
          expect(stationId(found)).toBe(id);
          expect(crc24q(found)).toBe(0);
          expect(bitsOf(found)).toBe(before.slice(0, place) + id.toString(2).padStart(12, "0") + before.slice(place + 12));
        },
      ),
    );
  });

  test.each([...EPHEMERIDES, 63, 1014, 1057, 4072, 4094])("%d has none and is returned as it is", (type) => {
    const frame = frameOf(Uint8Array.of(type >> 4, (type & 15) << 4, 0xff, 0xff));
    expect(stationId(frame)).toBeNull();
    expect(withStationId(frame, 5)).toBe(frame);
  });

  // RTCM 10403.3: 1030 and 1031 put their epoch (20 and 17 bits) before DF003, 1303..1305 too (pyrtcm); 1034, 1035 do not.
  test.each([
    [1030, 32],
    [1031, 29],
    [1303, 32],
    [1304, 32],
    [1305, 32],
    [1034, 12],
    [1035, 12],
  ])("of %d begins at bit %d; nothing but the id and the CRC changes", (type, bit) => {
    const bits = (frame: Uint8Array): string => Array.from(frame.subarray(3, -3), (byte) => byte.toString(2).padStart(8, "0")).join("");
    fc.assert(
      fc.property(anyFrameOf(type, 60), fc.integer({ min: 0, max: 4095 }), (frame, id) => {
        const found = withStationId(frame, id);
        if (bits(frame).length < bit + 12) {
          expect(stationId(frame)).toBeNull();
          expect(found).toBe(frame);
          return;
        }
        expect(stationId(frame)).toBe(Number.parseInt(bits(frame).slice(bit, bit + 12), 2));
        expect(stationId(found)).toBe(id);
        expect(crc24q(found)).toBe(0);
        expect(bits(found)).toBe(bits(frame).slice(0, bit) + id.toString(2).padStart(12, "0") + bits(frame).slice(bit + 12));
      }),
    );
  });

  test("a zero-length frame has none", () => {
    expect(stationId(ZERO_LENGTH)).toBeNull();
    expect(withStationId(ZERO_LENGTH, 5)).toBe(ZERO_LENGTH);
  });

  test.each([-1, 4096, 1.5, Number.NaN])("%d is refused", (id) => {
    expect(() => withStationId(EXAMPLE_1005, id)).toThrow(expect.objectContaining({ code: "OUT_OF_RANGE" }));
  });
});

describeNeeding(["shared"], "station ids of a real capture", () => {
  test("the reference decoder's ids, for every type that has one", () => {
    const { frames, truth } = readCapture("one-of-each-35-types.rtcm3");
    for (const [i, [, , type]] of truth.frameList.entries()) {
      const message = decodeMessage(frames[i] as Uint8Array);
      expect(stationId(frames[i] as Uint8Array), `${type}`).toBe("stationId" in message ? message.stationId : null);
    }
  });
});

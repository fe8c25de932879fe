import fc from "fast-check";
import { decodeMessage, decodeMsmHeader, encodeMessage, epochOf, frameOf, messageType, RtcmError, stationId, withStationId } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { anyFrameOf, anyMsm, CONSTELLATIONS, MSM_TYPES, MSMS, TABLE_TYPES } from "./arbitraries.ts";

const anyMessageFrame = fc.oneof(
  fc.constantFrom(...TABLE_TYPES).chain((type) => anyFrameOf(type)),
  fc.constantFrom(...MSM_TYPES, 1300, 4072).chain((type) => anyFrameOf(type)),
  fc
    .tuple(fc.constantFrom(...CONSTELLATIONS), fc.constantFrom(...MSMS))
    .chain(([constellation, msm]) => anyMsm(constellation, msm))
    .map(encodeMessage),
);

/** Runs what a peer's bytes reach; only RtcmError may come out. Undefined when it did. */
function orRtcmError<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(RtcmError);
    expect(["TRUNCATED", "INVALID", "NOT_A_FRAME", "OUT_OF_RANGE", "TOO_LONG"]).toContain((error as RtcmError).code);
    return undefined;
  }
}

describe("any bytes under a good CRC", () => {
  test("give a message of bounded size or an RtcmError; whatever decodes, encodes to the same bytes", () => {
    fc.assert(
      fc.property(anyMessageFrame, (frame) => {
        const message = orRtcmError(() => decodeMessage(frame));
        orRtcmError(() => decodeMsmHeader(frame));
        epochOf(frame);
        if (message === undefined) return;
        expect(JSON.stringify(message).length).toBeLessThan(40_000);
        expect(encodeMessage(message)).toEqual(frame);
      }),
      { numRuns: 3000 },
    );
  });

  test("also when a good message is damaged and sealed again", () => {
    fc.assert(
      fc.property(anyMessageFrame, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(), (frame, edits, cut) => {
        const payload = frame.slice(3, -3);
        for (const [at, value] of edits) if (payload.length > 0) payload[at % payload.length] = value;
        const damaged = frameOf(payload.subarray(0, payload.length - (cut % 4)));
        orRtcmError(() => decodeMessage(damaged));
        orRtcmError(() => decodeMsmHeader(damaged));
        orRtcmError(() => stationId(damaged));
        epochOf(damaged);
      }),
      { numRuns: 2000 },
    );
  });

  test("and without even a frame around them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        orRtcmError(() => decodeMessage(bytes));
        orRtcmError(() => decodeMsmHeader(bytes));
        orRtcmError(() => withStationId(bytes, 1));
        messageType(bytes);
        epochOf(bytes);
      }),
    );
    expect(() => decodeMessage(new Uint8Array(0))).toThrow(expect.objectContaining({ code: "NOT_A_FRAME" }));
  });
});

describe("truncation", () => {
  // Payload bits of messages of one size (FIELDS of RTCM 10403.3); below them only an error may come.
  test.each([
    [1005, 152],
    [1006, 168],
    [1019, 488],
    [1020, 360],
    [1032, 156],
    [1042, 511],
    [1044, 485],
    [1045, 496],
    [1046, 504],
  ])("%d: every cut throws TRUNCATED with type and offset, and the whole decodes", (type, bits) => {
    const bytes = Math.ceil(bits / 8);
    const whole = new Uint8Array(bytes);
    whole.set([type >> 4, (type & 15) << 4]);
    expect(decodeMessage(frameOf(whole)).kind).toBe(String(type));
    for (let length = 2; length < bytes; length += 1) {
      const context = expect.objectContaining({ type, bitOffset: expect.any(Number) });
      expect(() => decodeMessage(frameOf(whole.subarray(0, length)))).toThrow(expect.objectContaining({ code: "TRUNCATED", context }));
    }
  });

  test.each([...TABLE_TYPES, ...MSM_TYPES])("%d: any cut of any payload throws RtcmError or decodes", (type) => {
    fc.assert(
      fc.property(anyFrameOf(type, 120), (frame) => {
        const payload = frame.slice(3, -3);
        for (let length = 1; length < payload.length; length += 1) orRtcmError(() => decodeMessage(frameOf(payload.subarray(0, length))));
      }),
      { numRuns: 10 },
    );
  });

  test("a payload of one byte has no type", () => {
    expect(() => decodeMessage(frameOf(Uint8Array.of(0x43)))).toThrow(expect.objectContaining({ code: "TRUNCATED" }));
  });
});

describe("sizes of legacy messages", () => {
  // Header 64 bits (GPS) and 61 (GLONASS); bits per satellite.
  test.each([
    [1001, 64, 58],
    [1002, 64, 74],
    [1003, 64, 101],
    [1004, 64, 125],
    [1009, 61, 64],
    [1010, 61, 79],
    [1011, 61, 107],
    [1012, 61, 130],
  ])("%d: %d bits and %d for each satellite", (type, headerBits, satelliteBits) => {
    const payload = new Uint8Array(1023).fill(0xff);
    payload.set([type >> 4, ((type & 15) << 4) | 15]);
    const message = decodeMessage(frameOf(payload));
    if (!("satellites" in message)) throw new Error(message.kind);
    expect(message.satellites).toHaveLength(31);
    expect(encodeMessage(message)).toHaveLength(1029); // what stands behind the last satellite is kept
    const { remainder: _, ...tidy } = message;
    const frame = encodeMessage(tidy);
    expect(frame).toHaveLength(6 + Math.ceil((headerBits + 31 * satelliteBits) / 8));
  });
});

test("a type without a table is handed on as it is", () => {
  const frame = frameOf(Uint8Array.of(0xfe, 0x81, 2, 3));
  expect(decodeMessage(frame)).toEqual({ kind: "raw", type: 4072, payload: Uint8Array.of(0xfe, 0x81, 2, 3) });
  expect(encodeMessage(decodeMessage(frame))).toEqual(frame);
});

import fc from "fast-check";
import { crc24q, frameOf } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { CaptureFrames } from "../../correction-relay/rtcm-parser/bin/capture-frames.ts";
import { chunked, concat, EXAMPLE_1005, hex, ZERO_LENGTH } from "./fixtures.ts";

interface Found {
  readonly frames: readonly (readonly [offset: number, length: number])[];
  readonly crcFailures: number;
}

function found(bytes: Uint8Array, sizes: readonly number[]): Found {
  const capture = new CaptureFrames();
  const frames: [number, number][] = [];
  for (const chunk of chunked(bytes, sizes)) {
    for (const frame of capture.push(chunk)) {
      expect(frame.bytes).toEqual(bytes.subarray(frame.offset, frame.offset + frame.bytes.length));
      expect(frame.index).toBe(frames.length);
      frames.push([frame.offset, frame.bytes.length]);
    }
  }
  for (const frame of capture.end()) frames.push([frame.offset, frame.bytes.length]);
  expect(capture.bytes).toBe(bytes.length);
  expect(capture.frames).toBe(frames.length);
  expect(capture.bytesInFrames).toBe(frames.reduce((sum, [, length]) => sum + length, 0));
  return { frames, crcFailures: capture.crcFailures };
}

/** The truth files' own method, over the whole recording at once. */
function byteWise(bytes: Uint8Array): Found {
  const frames: [number, number][] = [];
  let crcFailures = 0;
  for (let at = 0; at < bytes.length; ) {
    const [preamble, high, low] = bytes.subarray(at, at + 3);
    const isCandidate = preamble === 0xd3 && high !== undefined && high <= 3 && low !== undefined;
    const length = isCandidate ? 6 + (high << 8) + low : 0;
    const isWhole = isCandidate && at + length <= bytes.length;
    if (isWhole && crc24q(bytes, at, at + length) === 0) {
      frames.push([at, length]);
      at += length;
    } else {
      if (isWhole) crcFailures += 1;
      at += 1;
    }
  }
  return { frames, crcFailures };
}

const long = frameOf(new Uint8Array(200).map((_, i) => i * 5));
const part = fc.oneof(
  fc.constantFrom(EXAMPLE_1005, ZERO_LENGTH, long, frameOf(Uint8Array.of(0xd3, 0, 1, 0xd3, 0x03))),
  fc.constantFrom(hex("D3"), hex("D300"), hex("D30004"), hex("D303FF"), hex("D3D3D300"), long.subarray(0, 90), EXAMPLE_1005.subarray(0, -1)),
  fc.uint8Array({ maxLength: 12 }),
  fc.nat(long.length - 1).map((at) => long.map((byte, i) => (i === at ? byte ^ 0x11 : byte))),
);

describe("frames of a recording with their places", () => {
  test("are those of a byte-wise search of the whole, and so are the CRC failures, however the bytes come", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }), (parts, sizes) => {
        const bytes = concat(...parts);
        expect(found(bytes, sizes)).toEqual(byteWise(bytes));
      }),
      { numRuns: 1500 },
    );
  });

  test("a claim that runs over the end of the recording is no CRC failure, also where a frame follows it", () => {
    const bytes = concat(hex("D303FF"), EXAMPLE_1005);
    for (const size of [1, 5, bytes.length]) expect(found(bytes, [size])).toEqual({ frames: [[3, 25]], crcFailures: 0 });
  });
});

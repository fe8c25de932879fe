import { describe, expect, test } from "vitest";
import { FrameIndex } from "../../correction-relay/rtcm-parser/bin/truth/frame-index.ts";
import { FileFrames, KeptFrames } from "../../correction-relay/rtcm-parser/bin/truth/frame-store.ts";

const frameOfNumber = (i: number): Uint8Array => new Uint8Array(6 + (i % 1024)).fill(i);

describe("frames to read again", () => {
  test("what was kept comes back, over any number of slabs, and does not change with what it was copied from", () => {
    const kept = new KeptFrames();
    for (let i = 0; i < 5000; i += 1) {
      const frame = frameOfNumber(i);
      kept.put(frame, i);
      frame.fill(0);
    }
    for (const i of [0, 1, 1023, 2048, 4999]) expect(kept.get(i)).toEqual(frameOfNumber(i));
  });

  test("more than the limit is refused, by code", () => {
    const kept = new KeptFrames(2000);
    kept.put(new Uint8Array(1029), 0);
    expect(() => kept.put(new Uint8Array(1029), 1)).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });

  test("a file is read again in windows, forward and back", () => {
    const file = new Uint8Array(3_000_000).map((_, i) => i ^ (i >> 8));
    let reads = 0;
    const frames = new FileFrames((buffer, offset) => {
      reads += 1;
      const part = file.subarray(offset, offset + buffer.length);
      buffer.set(part);
      return part.length;
    });
    for (let offset = 0; offset + 1029 <= file.length; offset += 1029) {
      expect(Buffer.compare(frames.get(0, offset, 1029), file.subarray(offset, offset + 1029))).toBe(0);
    }
    expect(frames.get(0, 7, 6)).toEqual(file.subarray(7, 13));
    expect(reads).toBeLessThan(6);
    expect(() => frames.get(0, file.length - 10, 11)).toThrow(expect.objectContaining({ code: "NOT_READ" }));
  });
});

test("the index holds place, length and type of any number of frames", () => {
  const index = new FrameIndex();
  for (let i = 0; i < 3000; i += 1) index.add(i * 2 ** 32, i % 1030, i % 2 === 0 ? -1 : 4095);
  expect(index.count).toBe(3000);
  expect([index.offsetAt(2999), index.lengthAt(1029), index.typeAt(2998), index.typeAt(2999)]).toEqual([2999 * 2 ** 32, 1029, -1, 4095]);
});

import fc from "fast-check";
import { FrameSplitter, frameOf, MAX_FRAME_BYTES, messageType, RtcmError } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { chunked, concat, EXAMPLE_1005, ZERO_LENGTH } from "./fixtures.ts";

const textOf = (frame: Uint8Array): string => Buffer.from(frame).toString("hex");

/** All frames of a stream, with the stream cut as told. */
function split(stream: Uint8Array, sizes: readonly number[] = [stream.length || 1]): { frames: string[]; splitter: FrameSplitter } {
  const splitter = new FrameSplitter();
  const frames: string[] = [];
  for (const chunk of chunked(stream, sizes)) for (const frame of splitter.push(chunk)) frames.push(textOf(frame));
  for (const frame of splitter.end()) frames.push(textOf(frame));
  return { frames, splitter };
}

const anyFrame = fc.uint8Array({ maxLength: 200 }).map(frameOf);
const anySizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
// Junk that looks like headers is the hard kind.
const anyJunk = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xd3, 0x00, 0x03, 0x01)), { maxLength: 60 })
  .map((bytes) => Uint8Array.from(bytes));

describe("frameOf", () => {
  test("rebuilds the standard's worked example", () => {
    expect(textOf(frameOf(EXAMPLE_1005.subarray(3, -3)))).toBe(textOf(EXAMPLE_1005));
    expect(textOf(frameOf(new Uint8Array(0)))).toBe(textOf(ZERO_LENGTH));
  });

  test("1023 bytes are the most", () => {
    expect(frameOf(new Uint8Array(1023))).toHaveLength(MAX_FRAME_BYTES);
    expect(() => frameOf(new Uint8Array(1024))).toThrow(expect.objectContaining({ code: "TOO_LONG" }));
  });

  test("messageType: 12 bits, null where there are none", () => {
    expect(messageType(EXAMPLE_1005)).toBe(1005);
    expect(messageType(ZERO_LENGTH)).toBeNull();
    expect(messageType(frameOf(Uint8Array.of(0x3e)))).toBeNull();
  });
});

describe("frames of a stream", () => {
  test("any chunking gives the same frames and counters, nothing is skipped", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), anySizes, (frames, sizes) => {
        const { frames: found, splitter } = split(concat(...frames), sizes);
        expect(found).toEqual(frames.map(textOf));
        expect(splitter.counters).toEqual({ frames: frames.length, skippedBytes: 0, crcFailures: 0 });
      }),
    );
  });

  test("any junk between them: every frame is found, every other byte is counted", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyJunk, anyFrame), { maxLength: 12 }), anyJunk, anySizes, (parts, tail, sizes) => {
        const stream = concat(...parts.flat(), tail);
        const { frames, splitter } = split(stream, sizes);
        expect(frames).toEqual(parts.map(([, frame]) => textOf(frame)));
        expect(splitter.counters.skippedBytes).toBe(stream.length - parts.reduce((sum, [, frame]) => sum + frame.length, 0));
        expect(splitter.counters).toEqual(split(stream, [1]).splitter.counters);
        expect(splitter.heldBytes).toBe(0);
      }),
    );
  });

  test("a damaged frame does not cost the good one behind it", () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), anyFrame, anySizes, (victim, place, flip, good, sizes) => {
        const damaged = victim.slice();
        const at = place % damaged.length;
        damaged[at] = (damaged[at] as number) ^ flip;
        const { frames } = split(concat(EXAMPLE_1005, damaged, good), sizes);
        expect(frames).toEqual([textOf(EXAMPLE_1005), textOf(good)]);
      }),
    );
  });

  test("a frame whose first bytes are lost: the false header in the worked example's payload hides nothing", () => {
    // D3 02 02 inside it claims 514 bytes; out of sync, the whole good frame behind it must win at once.
    const splitter = new FrameSplitter();
    const frames = [...splitter.push(concat(EXAMPLE_1005.subarray(1), EXAMPLE_1005))].map(textOf);
    expect(frames).toEqual([textOf(EXAMPLE_1005)]);
    expect(splitter.counters).toEqual({ frames: 1, skippedBytes: EXAMPLE_1005.length - 1, crcFailures: 1 });
  });

  test("zero-length frames are frames", () => {
    expect(split(concat(ZERO_LENGTH, ZERO_LENGTH, EXAMPLE_1005)).frames).toHaveLength(3);
  });

  test("reserved bits that are not zero are no header, even under a good CRC, and no CRC failure", () => {
    const odd = EXAMPLE_1005.slice();
    odd[1] = 0x04;
    const { frames, splitter } = split(concat(odd, EXAMPLE_1005));
    expect(frames).toEqual([textOf(EXAMPLE_1005)]);
    expect(splitter.counters.skippedBytes).toBe(odd.length);
  });
});

describe("what the splitter keeps", () => {
  test("less than one frame, however long the stream", () => {
    const stream = concat(...Array.from({ length: 50 }, (_, i) => frameOf(new Uint8Array(1023).fill(i))), Uint8Array.of(0xd3, 0x03, 0xff, 1, 2));
    const splitter = new FrameSplitter();
    for (const chunk of chunked(stream, [777])) {
      for (const _ of splitter.push(chunk)) expect(splitter.counters.skippedBytes).toBe(0);
      expect(splitter.heldBytes).toBeLessThan(MAX_FRAME_BYTES);
    }
    expect(splitter.counters.frames).toBe(50);
    expect(splitter.heldBytes).toBe(5);
  });

  test("what an early break leaves comes with the next push", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 2, maxLength: 10 }), anySizes, (frames, sizes) => {
        const splitter = new FrameSplitter();
        const found: string[] = [];
        for (const chunk of chunked(concat(...frames), sizes)) {
          for (const frame of splitter.push(chunk)) {
            found.push(textOf(frame));
            break;
          }
        }
        for (const frame of splitter.end()) found.push(textOf(frame));
        expect(found).toEqual(frames.map(textOf));
      }),
    );
  });

  test("a caller that stops early again and again is told, before memory grows", () => {
    const splitter = new FrameSplitter();
    const stopEarly = (): void => {
      for (const _ of splitter.push(concat(...new Array<Uint8Array>(8000).fill(EXAMPLE_1005)))) break;
    };
    expect(() => {
      for (let i = 0; i < 100; i += 1) stopEarly();
    }).toThrow(expect.objectContaining({ code: "UNREAD_FRAMES" }));
    expect(splitter.heldBytes).toBeLessThan(2 ** 21);
  });

  test("frames given away stay as they were while more is pushed", () => {
    const frames = Array.from({ length: 300 }, (_, i) => frameOf(new Uint8Array(40 + (i % 60)).fill(i)));
    const splitter = new FrameSplitter();
    const given: Uint8Array[] = [];
    for (const chunk of chunked(concat(...frames), [7, 130, 1, 61])) for (const frame of splitter.push(chunk)) given.push(frame);
    expect(given.map(textOf)).toEqual(frames.map(textOf));
  });

  test("the caller's chunk is neither changed nor held on to, also when it is a Buffer", () => {
    const chunk = Buffer.from(concat(EXAMPLE_1005, EXAMPLE_1005.subarray(0, 10)));
    const before = chunk.toString("hex");
    const splitter = new FrameSplitter();
    expect([...splitter.push(chunk)]).toHaveLength(1);
    expect(chunk.toString("hex")).toBe(before);
    chunk.fill(0); // the owner uses its buffer again
    expect([...splitter.push(EXAMPLE_1005.subarray(10))].map(textOf)).toEqual([textOf(EXAMPLE_1005)]);
  });
});

describe("an idle stream", () => {
  const lying = Uint8Array.of(0xd3, 0x03, 0xff); // a damaged length: 1023 bytes that will not come

  test("in sync, a false length holds frames back until resync", () => {
    const splitter = new FrameSplitter();
    expect([...splitter.push(concat(EXAMPLE_1005, lying, EXAMPLE_1005, ZERO_LENGTH))]).toHaveLength(1);
    expect(splitter.heldBytes).toBe(lying.length + EXAMPLE_1005.length + ZERO_LENGTH.length);
    expect([...splitter.resync()].map(textOf)).toEqual([textOf(EXAMPLE_1005), textOf(ZERO_LENGTH)]);
    expect(splitter.counters).toEqual({ frames: 3, skippedBytes: 3, crcFailures: 1 });
  });

  test("a frame that is merely late survives resync", () => {
    const splitter = new FrameSplitter();
    expect([...splitter.push(concat(EXAMPLE_1005, EXAMPLE_1005.subarray(0, 12)))]).toHaveLength(1);
    expect([...splitter.resync()]).toEqual([]);
    expect([...splitter.push(EXAMPLE_1005.subarray(12))].map(textOf)).toEqual([textOf(EXAMPLE_1005)]);
    expect(splitter.counters.skippedBytes).toBe(0);
  });

  test("end gives what is whole behind several false lengths, counts the rest, and leaves a fresh splitter", () => {
    const splitter = new FrameSplitter();
    const stream = concat(ZERO_LENGTH, lying, ZERO_LENGTH, lying, EXAMPLE_1005, lying);
    expect([...splitter.push(stream), ...splitter.end()]).toHaveLength(3);
    expect(splitter.heldBytes).toBe(0);
    expect(splitter.counters).toEqual({ frames: 3, skippedBytes: 9, crcFailures: 2 });
    expect([...splitter.push(EXAMPLE_1005)]).toHaveLength(1);
  });
});

test("ending from within a push loses no sync for what is still to come", () => {
  const splitter = new FrameSplitter();
  const found: string[] = [];
  for (const chunk of chunked(concat(...new Array<Uint8Array>(20).fill(EXAMPLE_1005)), [40])) {
    for (const frame of splitter.push(chunk)) {
      found.push(textOf(frame));
      expect([...splitter.end()]).toEqual([]);
    }
  }
  expect(found).toEqual(new Array(20).fill(textOf(EXAMPLE_1005)));
  expect(splitter.counters).toEqual({ frames: 20, skippedBytes: 0, crcFailures: 0 });
});

test("byte-by-byte input costs no more CRC work than one chunk: hostile headers stay linear", () => {
  // Every second byte begins a header that claims 979 bytes; were candidates judged again at each push, this would never end.
  const hostile = new Uint8Array(20_000).map((_, i) => (i % 2 === 0 ? 0xd3 : 0x03));
  const { frames, splitter } = split(concat(hostile, EXAMPLE_1005), [1]);
  expect(frames).toEqual([textOf(EXAMPLE_1005)]);
  expect(splitter.counters.skippedBytes).toBe(hostile.length);
});

test("errors are RtcmError", () => {
  expect(new RtcmError("TRUNCATED", "x")).toBeInstanceOf(Error);
});

test("what checking costs is counted, false headers too", () => {
  const splitter = new FrameSplitter();
  const frame = frameOf(new Uint8Array(20));
  for (const _ of splitter.push(frame));
  expect(splitter.checkedBytes).toBe(frame.length);
  const falseHeaders = new Uint8Array(3000).map((_, i) => (i % 2 === 0 ? 0xd3 : 0x03));
  for (const _ of splitter.push(falseHeaders));
  expect(splitter.checkedBytes).toBeGreaterThan(900_000);
});

import { FrameSplitter, frameOf, messageType } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CAPTURES, readCapture } from "./captures.ts";
import { chunked, concat, EXAMPLE_1005, hex, ZERO_LENGTH } from "./fixtures.ts";

test.each([[1], [5], [64], [10_000]])("a stream of our own with every kind of damage, in chunks of %d", (size) => {
  const long = frameOf(new Uint8Array(300).map((_, i) => i));
  const flipped = long.map((byte, i) => (i === 150 ? byte ^ 4 : byte));
  const parts: readonly (readonly [bytes: Uint8Array, intact: boolean])[] = [
    [long, true],
    [flipped, false],
    [EXAMPLE_1005, true],
    [EXAMPLE_1005, true], // duplicated
    [long.subarray(0, 200), false], // truncated
    [ZERO_LENGTH, true],
    [concat(long.subarray(0, 99), long.subarray(100)), false], // a byte dropped
    [hex("D30013"), false], // false preamble
    [long, true],
    [new TextEncoder().encode("$GNGGA,0,,,,,0*00\r\n"), false],
    [hex("B5620107D303FF"), false],
    [EXAMPLE_1005, true],
  ];
  const splitter = new FrameSplitter();
  const found: Uint8Array[] = [];
  for (const chunk of chunked(concat(...parts.map(([bytes]) => bytes)), [size])) found.push(...splitter.push(chunk));
  found.push(...splitter.end());
  expect(found).toEqual(parts.filter(([, intact]) => intact).map(([bytes]) => bytes));
  expect(splitter.counters.skippedBytes).toBe(parts.reduce((sum, [bytes, intact]) => sum + (intact ? 0 : bytes.length), 0));
});

describeNeeding(["shared"], "framing of real captures", () => {
  describe.each(CAPTURES)("%s", (name) => {
    const { bytes, truth } = readCapture(name);
    const expected = (truth.intactFrames ?? truth.frameList).map(([offset, length]) => ({ offset, length }));

    test.each([[1], [7], [1, 1029, 3], [100], [1460], [bytes.length]])("exactly the frames of the truth, in chunks of %j", (...sizes) => {
      const splitter = new FrameSplitter();
      const types: Record<string, number> = {};
      const found: { offset: number; length: number }[] = [];
      const take = (frame: Uint8Array): void => {
        // Frames come in order and damaged copies never equal a good frame, so searching on from the last one gives the offset.
        const last = found.at(-1);
        const offset = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(frame, last === undefined ? 0 : last.offset + last.length);
        found.push({ offset, length: frame.length });
        const type = messageType(frame) ?? "empty";
        types[type] = (types[type] ?? 0) + 1;
      };
      for (const chunk of chunked(bytes, sizes)) for (const frame of splitter.push(chunk)) take(frame);
      for (const frame of splitter.end()) take(frame);
      expect(found).toEqual(expected);
      expect(types).toEqual(truth.messageCounts);
      expect(splitter.counters.frames).toBe(truth.framing.frames);
      expect(splitter.counters.skippedBytes).toBe(bytes.length - expected.reduce((sum, frame) => sum + frame.length, 0));
    });
  });

  test("counters of damage do not depend on the chunks", () => {
    const { bytes, truth } = readCapture("corrupted-from-f9p.bin");
    const counted = [[1], [13], [1460], [bytes.length]].map((sizes) => {
      const splitter = new FrameSplitter();
      for (const chunk of chunked(bytes, sizes)) for (const frame of splitter.push(chunk)) expect(frame.length).toBeGreaterThan(5);
      return splitter.counters;
    });
    // One more than the truth's: a header whose claim runs over the end of the file, given the lie by a frame inside it.
    const crcFailures = truth.framing.crcFailuresAtCandidatePreambles + 1;
    for (const counters of counted) expect(counters).toEqual({ frames: 530, skippedBytes: truth.framing.bytesOutsideFrames, crcFailures });
  });
});

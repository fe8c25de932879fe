import { describe, expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { MSM_TYPES, TABLE_TYPES } from "./arbitraries.ts";
import { readCapture } from "./captures.ts";
import { fuzzDecoding, fuzzFraming } from "./fuzz.ts";

/** A short run of what `bench/rtcm-fuzz.bench.ts` does at length. */
const TYPES = [...TABLE_TYPES, ...MSM_TYPES];
const LONGEST_FRAME_BYTES = 1029;

test.each([1, 20_260_101])("random bytes with good frames among them, seed %d: every good frame is found, and no more than one is held", (seed) => {
  const { frames, sent, maxHeldBytes } = fuzzFraming({ seed, bytes: 1_000_000 });
  expect(sent).toBeGreaterThan(100);
  expect(frames).toBe(sent);
  expect(maxHeldBytes).toBeLessThanOrEqual(LONGEST_FRAME_BYTES);
});

describe("payloads changed at random under a good CRC", () => {
  test("of random bits: decoded to what encodes to the same bytes, or refused", () => {
    const { messages, decoded, cameBack, refused, kinds } = fuzzDecoding({ seed: 7, count: 20_000, corpus: [], types: TYPES });
    expect(cameBack).toBe(decoded);
    expect(Object.values(refused).reduce((sum, count) => sum + count, decoded)).toBe(messages);
    expect(Object.keys(refused).sort()).toEqual(["INVALID", "TRUNCATED"]);
    expect(kinds).toBeGreaterThan(TABLE_TYPES.length);
  });
});

describeNeeding(["shared"], "payloads of real captures changed at random under a good CRC", () => {
  test("the same", () => {
    const corpus = ["one-of-each-35-types.rtcm3", "single-frames-69-types.rtcm3"] as const;
    const payloads = corpus.flatMap((name) => readCapture(name).frames.map((frame) => frame.slice(3, -3)));
    const { decoded, cameBack } = fuzzDecoding({ seed: 11, count: 20_000, corpus: payloads, types: TYPES });
    expect(decoded).toBeGreaterThan(5_000);
    expect(cameBack).toBe(decoded);
  });
});

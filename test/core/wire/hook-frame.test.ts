import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeHookFrame, HOOK_BODY_BYTES_MAX, HOOK_FRAME_BYTES_MAX, type HookFrame, HookFrameReader } from "../../../core/wire/hook-frame.ts";

const id = fc.integer({ min: 0, max: 0xffff_ffff });
const frame: fc.Arbitrary<HookFrame> = fc.oneof(
  fc.record({ kind: fc.constant("hello" as const), credential: fc.string({ unit: "grapheme", maxLength: 80 }) }),
  fc.record({
    kind: fc.constant("submit" as const),
    id,
    source: fc.string({ maxLength: 64 }),
    topic: fc.string({ unit: "grapheme", maxLength: 60 }),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ kind: fc.constant("answer" as const), id, verdict: fc.constantFrom("journaled" as const, "refused" as const, "busy" as const) }),
);

function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

function read(chunks: readonly Uint8Array[]): HookFrame[] {
  const reader = new HookFrameReader();
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
}

/** The bytes as the comment above the codec describes them, written by hand. */
test("golden bytes, both directions", () => {
  const submit: HookFrame = { kind: "submit", id: 0x01020304, source: "cs", topic: "hooks/tts/up", payload: Buffer.from("{}") };
  const bytes = Buffer.from("00000019" + "01" + "01020304" + "0002" + "000c" + "6373" + "686f6f6b732f7474732f7570" + "7b7d", "hex");
  expect(encodeHookFrame(submit)).toEqual(bytes);
  expect(read([bytes])).toEqual([submit]);
  expect(encodeHookFrame({ kind: "answer", id: 7, verdict: "busy" }).toString("hex")).toBe("00000006" + "02" + "00000007" + "02");
  expect(encodeHookFrame({ kind: "hello", credential: "k" }).toString("hex")).toBe("00000002" + "00" + "6b");
});

test("any frames in any chunks", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(5000), { maxLength: 12 }), (frames, cuts) => {
      expect(read(chunksOf(Buffer.concat(frames.map(encodeHookFrame)), cuts))).toEqual(frames);
    }),
  );
});

test("junk is refused with a RangeError or waits for more; it never throws otherwise and never holds more than a frame", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
      try {
        read(chunks);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});

test("limits: the longest body passes, a longer one and a longer frame do not", () => {
  const longest: HookFrame = { kind: "submit", id: 1, source: "s".repeat(64), topic: "t", payload: Buffer.alloc(HOOK_BODY_BYTES_MAX, 1) };
  expect(read([encodeHookFrame(longest)])).toEqual([longest]);
  expect(() => encodeHookFrame({ ...longest, payload: Buffer.alloc(HOOK_BODY_BYTES_MAX + 1) })).toThrow(RangeError);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(HOOK_FRAME_BYTES_MAX + 1);
  expect(() => read([head])).toThrow(RangeError);
});

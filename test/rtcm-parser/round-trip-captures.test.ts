import { decodeMessage, encodeMessage, frameOf, messageType, type RtcmMessage } from "rtcm-parser";
import { expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CAPTURES, type CaptureName, readCapture } from "./captures.ts";
import { EXAMPLE_1005 } from "./fixtures.ts";

/** Types without a table, in the captures: they come back because they are handed on as they are. */
const RAW = [63, 1057, 1058, 1059, 1060, 1063, 1064, 1065, 1066, 1240, 1241, 1242, 1300, 1302, 4072, 4094];

// An MSM7 with empty masks has 169 bits: the last of its 22 bytes ends in 7 filling bits. DF001 is bits 58 to 64.
test.each([
  ["reserved bits", [7, 0x3f], 0b1111110, 0, []],
  ["filling bits", [21, 0x7f], 0, 1, []],
  ["bytes behind the last field", [24, 7], 0, 4, [0, 0, 0]],
] as const)("an MSM with %s comes back byte for byte", (_, [at, value], reserved, remainderBytes, extra) => {
  const payload = new Uint8Array(22 + extra.length);
  payload.set([1077 >> 4, (1077 & 15) << 4]);
  payload[at] = value;
  const message = decodeMessage(frameOf(payload));
  expect(message).toMatchObject({ kind: "msm", reserved });
  expect(message.kind === "msm" && message.remainder).toHaveLength(remainderBytes);
  expect(encodeMessage(message)).toEqual(frameOf(payload));
});

test("a table message keeps reserved bits and what follows its last field, and has neither when it is tidy", () => {
  const message = decodeMessage(EXAMPLE_1005);
  expect(Object.keys(message)).not.toContain("reserved");
  expect(Object.keys(message)).not.toContain("remainder");
  const payload = Uint8Array.of(...EXAMPLE_1005.subarray(3, -3), 0, 7);
  const bit = 12 + 12 + 6 + 4 + 38 + 1; // behind the oscillator flag
  payload[bit >> 3] = (payload[bit >> 3] as number) | (0x80 >> (bit & 7));
  const untidy = decodeMessage(frameOf(payload));
  expect(untidy).toEqual({ ...message, reserved: 1, remainder: Uint8Array.of(0, 7) });
  expect(encodeMessage(untidy)).toEqual(frameOf(payload));
});

describeNeeding(["shared"], "encoding what was decoded", () => {
  test.each(CAPTURES)("%s: every frame comes back byte for byte", (name) => {
    const { frames } = readCapture(name);
    for (const frame of frames) {
      const before = Buffer.from(frame).toString("hex");
      const message = decodeMessage(frame);
      if (message.kind === "raw") expect(RAW).toContain(message.type);
      expect(Buffer.from(encodeMessage(message)).toString("hex"), `message ${messageType(frame)}`).toBe(before);
      expect(Buffer.from(frame).toString("hex")).toBe(before); // decoding changes nothing
    }
  });

  // Every message that is not as the standard writes it, by type and what is odd. `reserved`: bits that ought to be zero;
  // `remainder`: u-blox fills MSM7 up with zero bytes as if no cell were missing, Piksi sets the bits that fill MSM5's last byte.
  const UNTIDY: Partial<Record<CaptureName, Readonly<Record<string, number>>>> = {
    "base-f9p-msm7-200s.rtcm3": { "1077 remainder": 198, "1127 remainder": 196 },
    "base-msm7-japan-gmsd-2012.rtcm3": { "1077 reserved": 257, "1087 reserved": 257, "1117 reserved": 257, "1127 reserved": 257 },
    "corrupted-from-f9p.bin": { "1077 remainder": 74, "1127 remainder": 76 },
    "mixed-ubx-nmea-rtcm-f9p-long.bin": { "1077 remainder": 141, "1087 remainder": 154, "1127 remainder": 157 },
    "mixed-ubx-nmea-rtcm-f9t.bin": { "1077 remainder": 26, "1087 remainder": 18, "1097 remainder": 2 },
    "msm5-piksi-5hz.rtcm3": { "1085 remainder": 38, "1095 remainder": 31, "1125 remainder": 30 },
    "single-frames-69-types.rtcm3": { "1107 reserved": 1 },
  };
  test.each(CAPTURES)("%s: the untidy messages are these, and as many", (name) => {
    const found: Record<string, number> = {};
    for (const frame of readCapture(name).frames) {
      for (const oddity of odditiesOf(decodeMessage(frame))) {
        const key = `${messageType(frame)} ${oddity}`;
        found[key] = (found[key] ?? 0) + 1;
      }
    }
    expect(found).toEqual(UNTIDY[name] ?? {});
  });
});

function odditiesOf(message: RtcmMessage): string[] {
  const odd = message as { reserved?: number; remainder?: Uint8Array; characterCount?: number; brokenUtf8?: Uint8Array };
  return [
    ...(odd.reserved ? ["reserved"] : []),
    ...(odd.remainder?.length ? ["remainder"] : []),
    ...(odd.characterCount === undefined ? [] : ["characterCount"]),
    ...(odd.brokenUtf8 === undefined ? [] : ["brokenUtf8"]),
  ];
}

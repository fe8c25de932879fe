import { decodeMessage, encodeMessage, frameOf, messageType } from "rtcm-parser";
import { expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CAPTURES, readCapture } from "./captures.ts";

/** Types without a table, in the captures: they come back because they are handed on as they are. */
const RAW = [63, 1030, 1031, 1057, 1058, 1059, 1060, 1063, 1064, 1065, 1066, 1240, 1241, 1242, 1300, 1302, 4072, 4094];

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

  // Not as the standard writes them, yet kept: `reserved` and `remainder` of an MSM exist for these.
  test.each([
    ["u-blox: MSM7 filled up with zero bytes as if no cell were missing", "base-f9p-msm7-200s.rtcm3", [1077, 1127], (m: Untidy) => m.remainder.length > 1],
    [
      "Trimble of 2012: the seven reserved bits of MSM7 are ones",
      "base-msm7-japan-gmsd-2012.rtcm3",
      [1077, 1087, 1117, 1127],
      (m: Untidy) => m.reserved === 127,
    ],
    ["SBAS MSM7: the same", "single-frames-69-types.rtcm3", [1107], (m: Untidy) => m.reserved === 127],
    ["Piksi: the bits that fill MSM5's last byte are not zero", "msm5-piksi-5hz.rtcm3", [1085, 1095, 1125], (m: Untidy) => m.remainder.length === 1],
  ] as const)("known untidiness, %s", (_, name, types, untidy) => {
    const found = new Set<number>();
    for (const frame of readCapture(name).frames) {
      const message = decodeMessage(frame);
      if (message.kind === "msm" && untidy(message)) found.add(message.type);
    }
    expect([...found].sort()).toEqual([...types]);
  });
});

interface Untidy {
  readonly reserved: number;
  readonly remainder: Uint8Array;
}

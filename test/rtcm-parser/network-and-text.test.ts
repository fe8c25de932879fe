import { decodeMessage, encodeMessage, frameOf, type RtcmMessage } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { readCapture } from "./captures.ts";

describeNeeding(["shared"], "network residuals of a real capture", () => {
  const { frames, truth } = readCapture("single-frames-69-types.rtcm3");
  const message = (type: number): RtcmMessage => decodeMessage(frames[truth.frameList.findIndex(([, , of]) => of === type)] as Uint8Array);
  const residual = (satelliteId: number, soc: number, sic: number) => ({
    satelliteId,
    ...{ socMm: soc / 2, sodPpm: 0, sohPpm: 0, sicMm: sic / 2, sidPpm: 0 },
  });

  // The raw numbers as pyrtcm's table cuts them.
  test("1030: time before the station, constants in half millimetres", () => {
    expect(message(1030)).toEqual({
      ...{ kind: "1030", epochS: 216_903, stationId: 1552, referenceStations: 6 },
      satellites: [
        ...[residual(7, 0, 0), residual(8, 15, 14), residual(9, 24, 19), residual(11, 27, 21)],
        ...[residual(18, 31, 22), residual(27, 15, 8), residual(28, 16, 7), residual(30, 11, 5)],
      ],
    });
  });

  test("1031: the same, in seconds of the day", () => {
    expect(message(1031)).toEqual({
      ...{ kind: "1031", epochS: 54_123, stationId: 1552, referenceStations: 6 },
      satellites: [
        ...[residual(7, 8, 9), residual(8, 8, 38), residual(9, 13, 13), residual(16, 4, 6)],
        ...[residual(17, 14, 19), residual(18, 9, 7), residual(19, 9, 9)],
      ],
    });
  });
});

test("the parts that grow with distance and height have their own scales", () => {
  const message: RtcmMessage = {
    ...{ kind: "1030", epochS: 604_799, stationId: 4095, referenceStations: 127 },
    satellites: [{ satelliteId: 32, socMm: 127.5, sodPpm: 5.11, sohPpm: 6.3, sicMm: 511.5, sidPpm: 10.23 }],
  };
  expect(decodeMessage(encodeMessage(message))).toEqual(message);
  expect(encodeMessage(message)).toHaveLength(6 + Math.ceil((56 + 49) / 8));
});

describe("1029 of senders that count characters in their own way, or send broken UTF-8", () => {
  const text = (characters: number, utf8: readonly number[]): Uint8Array => {
    const bits = (value: number, width: number): string => value.toString(2).padStart(width, "0");
    const head = bits(1029, 12) + bits(23, 12) + bits(132, 16) + bits(59_100, 17) + bits(characters, 7) + bits(utf8.length, 8);
    return frameOf(Uint8Array.from([...(head.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)), ...utf8]));
  };
  const sent = { kind: "1029", stationId: 23, mjd: 132, secondOfDay: 59_100 } as const;
  const UMLAUT = [0xc3, 0xa4];
  const BROKEN = [0x61, 0xff, 0x62];

  test.each([
    ["tidy", 1, UMLAUT, { text: "ä" }],
    ["bytes counted", 2, UMLAUT, { text: "ä", characterCount: 2 }],
    ["none counted", 0, UMLAUT, { text: "ä", characterCount: 0 }],
    ["broken", 3, BROKEN, { text: "a\uFFFDb", brokenUtf8: Uint8Array.from(BROKEN) }],
  ])("%s: comes back byte for byte", (_, characters, utf8, expected) => {
    const frame = text(characters, utf8);
    expect(decodeMessage(frame)).toEqual({ ...sent, ...expected });
    expect(encodeMessage(decodeMessage(frame))).toEqual(frame);
  });

  test("a text put in the place of a broken one is sent as it is", () => {
    const broken = decodeMessage(text(3, BROKEN));
    if (broken.kind !== "1029") throw new Error(broken.kind);
    expect(encodeMessage({ ...broken, text: "abc" })).toEqual(text(3, [0x61, 0x62, 0x63]));
  });
});

import { decodeMessage, encodeMessage, type RtcmMessage } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CAPTURES, type Fields, readCapture } from "./captures.ts";
import { EXAMPLE_1005, ZERO_LENGTH } from "./fixtures.ts";

describe("the standard's worked example of 1005", () => {
  const decoded: RtcmMessage = {
    kind: "1005",
    stationId: 2003,
    itrfYear: 0,
    gps: true,
    glonass: false,
    galileo: false,
    nonPhysical: false,
    xM: 1114104.5999,
    singleOscillator: false,
    yM: -4850729.7108,
    quarterCycle: 0,
    zM: 3975521.4643,
  };

  test("decodes to its values, exactly", () => expect(decodeMessage(EXAMPLE_1005)).toStrictEqual(decoded));
  test("its values encode to its bytes", () => expect(encodeMessage(decoded)).toEqual(EXAMPLE_1005));
});

describe("own vectors", () => {
  test("a zero-length frame is empty", () => {
    expect(decodeMessage(ZERO_LENGTH)).toEqual({ kind: "empty" });
    expect(encodeMessage({ kind: "empty" })).toEqual(ZERO_LENGTH);
  });

  const sentAt = { stationId: 12, mjd: 60_000, secondOfDay: 86_399 };
  const position = { itrfYear: 20, xM: -3_957_199.1234, yM: 3_310_205.0001, zM: 3_737_911.9999 };
  const flags = { gps: true, glonass: true, galileo: true, nonPhysical: false, singleOscillator: true, quarterCycle: 2 };
  const names = { stationId: 12, antenna: "TRM59800.00     SCIT", setupId: 3 };
  const messages: readonly RtcmMessage[] = [
    { kind: "1006", stationId: 12, ...position, ...flags, antennaHeightM: 1.5432 },
    { kind: "1007", ...names },
    { kind: "1008", ...names, antennaSerial: "S/N é" },
    { kind: "1033", ...names, antennaSerial: "", receiver: "SIMULATED DO NOT STEER", firmware: "0.1.0", receiverSerial: "" },
    { kind: "1013", ...sentAt, leapSeconds: 18, announcements: [{ messageType: 1005, synchronous: false, intervalS: 10.5 }] },
    { kind: "1029", ...sentAt, text: "研修・デモ 模擬 🚜" },
    { kind: "1032", stationId: 12, physicalStationId: 4095, ...position },
    { kind: "1230", stationId: 12, biasIndicator: 1, signalMask: 0b1010, l1CaBiasM: -0.02, l1PBiasM: null, l2CaBiasM: null, l2PBiasM: null },
  ];

  test.each(messages.map((message) => [message.kind, message] as const))("%s comes back as it was", (_, message) => {
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });

  test.each<[string, RtcmMessage, string]>([
    ["a coordinate out of range", { kind: "1032", stationId: 1, physicalStationId: 1, ...position, xM: 13_743_895.3472 }, "xM"],
    ["a station id of 13 bits", { kind: "1007", ...names, stationId: 4096 }, "stationId"],
    ["a character outside ISO 8859-1", { kind: "1007", ...names, antenna: "田" }, "antenna"],
    ["a text over 255 bytes", { kind: "1029", ...sentAt, text: "語".repeat(86) }, "text"],
    ["a text over 127 characters", { kind: "1029", ...sentAt, text: "a".repeat(128) }, "text"],
    [
      "a bias that its mask does not announce",
      { kind: "1230", stationId: 1, biasIndicator: 0, signalMask: 0, l1CaBiasM: 1, l1PBiasM: null, l2CaBiasM: null, l2PBiasM: null },
      "l1CaBiasM",
    ],
  ])("%s is refused, by name", (_, message, field) => {
    expect(() => encodeMessage(message)).toThrow(expect.objectContaining({ code: "OUT_OF_RANGE", context: expect.objectContaining({ field }) }));
  });
});

const flagOf = (value: boolean): number => (value ? 1 : 0);
const bits = (mask: number): string => mask.toString(2).padStart(4, "0");

/** A decoded message in the truth's words. */
function inTruthWords(message: RtcmMessage, frame: number): Record<string, unknown> {
  switch (message.kind) {
    case "1005":
    case "1006": {
      const { stationId: station, itrfYear, xM: x, yM: y, zM: z, quarterCycle } = message;
      const systems = { gps: flagOf(message.gps), glonass: flagOf(message.glonass), galileo: flagOf(message.galileo) };
      const rest = { referenceStationIndicator: flagOf(message.nonPhysical), singleOscillator: flagOf(message.singleOscillator), quarterCycle };
      const height = message.kind === "1006" ? { antennaHeight: message.antennaHeightM } : {};
      return { type: Number(message.kind), station, itrfYear, ...systems, ...rest, x, y, z, ...height, frame };
    }
    case "1007":
    case "1008":
    case "1033": {
      const { kind, stationId: station, ...rest } = message;
      return { type: Number(kind), station, ...rest, frame };
    }
    case "1029":
      return { frame, station: message.stationId, mjd: message.mjd, secOfDay: message.secondOfDay, utf8: message.text };
    case "1032": {
      const { stationId: station, physicalStationId: physicalStation, itrfYear, xM: x, yM: y, zM: z } = message;
      return { frame, station, physicalStation, itrfYear, x, y, z };
    }
    case "1230": {
      const { stationId: station, biasIndicator, signalMask, l1CaBiasM, l1PBiasM, l2CaBiasM, l2PBiasM } = message;
      const biases = Object.entries({ l1ca: l1CaBiasM, l1p: l1PBiasM, l2ca: l2CaBiasM, l2p: l2PBiasM }).filter(([, bias]) => bias !== null);
      return { station, biasIndicator, mask: bits(signalMask), ...Object.fromEntries(biases), frame };
    }
    default:
      throw new Error(`not a station message: ${message.kind}`);
  }
}

describeNeeding(["shared"], "station messages of real captures", () => {
  test.each(CAPTURES)("%s", (name) => {
    const { truth, frames } = readCapture(name);
    const listed = [truth.stations, truth.antennas, truth.text1029, truth.glonassBias1230, truth.physicalStation1032].flatMap((list) => list ?? []);
    for (const { nChars: _, nBytes: __, ...expected } of listed as readonly Fields[]) {
      const frame = expected["frame"] as number;
      const found = inTruthWords(decodeMessage(frames[frame] as Uint8Array), frame);
      // Every row is either exact or a decimal rounded once, so equality holds without a tolerance.
      expect(found).toEqual(expected);
    }
    for (const expected of truth.system1013 ?? []) {
      const message = decodeMessage(frames[expected["frame"] as number] as Uint8Array);
      if (message.kind !== "1013") throw new Error(`frame ${expected["frame"]} is ${message.kind}`);
      expect(message).toMatchObject({
        stationId: expected["station"],
        mjd: expected["mjd"],
        secondOfDay: expected["secOfDay"],
        leapSeconds: expected["leapSeconds"],
      });
      const announced = message.announcements.map(({ messageType, synchronous, intervalS }) => [messageType, flagOf(synchronous), intervalS]);
      expect(announced).toEqual(expected.announcements);
    }
  });
});

import { readFileSync } from "node:fs";
import { encodeMessage, frameOf, type MsmToSend, type RtcmMessage } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding, sharedPath } from "../support/requirements.ts";
import { CAPTURES, type CaptureName, type Truth } from "./captures.ts";
import { runCommand } from "./command.ts";
import { concat, ZERO_LENGTH } from "./fixtures.ts";
import { compared } from "./truth-differences.ts";

type Document = Readonly<Record<string, unknown>> & Truth;

async function truthOf(bytes: Uint8Array): Promise<Document> {
  const { status, stdout, stderr } = await runCommand(["truth", "-"], [bytes]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as Document;
}

describeNeeding(["shared"], "truth of real captures", () => {
  const givenTruth = (name: CaptureName): object => JSON.parse(readFileSync(sharedPath(`rtcm/${name}.truth.json`), "utf8")) as object;
  const leavesOf = (value: unknown): number =>
    typeof value === "object" && value !== null ? Object.values(value).reduce((sum: number, part) => sum + leavesOf(part), 0) : 1;

  test.each(CAPTURES)("%s: everything that the truth has is there and agrees", async (name) => {
    const { status, stdout, stderr } = await runCommand(["truth", sharedPath(`rtcm/${name}`)]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { source, note, crossCheck, decodeErrors, damage, intactFrames, ...truth } = givenTruth(name) as Record<string, unknown>;
    const found = JSON.parse(stdout) as Document;
    const { differences, leaves } = compared(truth, found);
    expect(differences).toEqual([]);
    expect(leaves).toBe(leavesOf(truth));
    expect(found).not.toHaveProperty("decodeErrors"); // ours reads them all
    // The other way round: no part that the truth does not have, but types that its decoder could not read.
    expect(Object.keys(found).sort()).toEqual(Object.keys(truth).sort());
    const listed = { ...found.msm, ...found.legacy, ...found.ephemerides };
    for (const [type, messages] of Object.entries(listed)) expect(messages).toHaveLength(found.messageCounts[type] as number);
  });

  test("read from a pipe it is the same document", async () => {
    for (const name of ["msm7-sbas-eph-1044-1045-1046.rtcm3", "ntrip-body-chunked-gzip.bin"]) {
      const bytes = readFileSync(sharedPath(`rtcm/${name}`));
      const pieces = Array.from({ length: Math.ceil(bytes.length / 1460) }, (_, i) => bytes.subarray(i * 1460, (i + 1) * 1460));
      const fromFile = await runCommand(["truth", sharedPath(`rtcm/${name}`)]);
      const fromPipe = await runCommand(["truth", "-"], pieces);
      expect(fromPipe.stdout).toBe(fromFile.stdout.replace(`"file":"${name}"`, '"file":"-"'));
    }
  });

  test("the comparison sees a change of any leaf", () => {
    const truth = givenTruth("single-frames-69-types.rtcm3") as Record<string, unknown>;
    const copy = JSON.parse(JSON.stringify(truth)) as Record<string, unknown>;
    let changed = 0;
    const change = (value: unknown): unknown => {
      if (typeof value === "number") return value + Math.max(0.001, Math.abs(value) * 1e-6);
      return typeof value === "string" ? `${value}x` : 0;
    };
    const visit = (part: Record<string, unknown>, path: string): void => {
      for (const [key, value] of Object.entries(part)) {
        if (["source", "note", "crossCheck", "decodeErrors"].includes(key)) continue;
        if (typeof value === "object" && value !== null) visit(value as Record<string, unknown>, `${path}.${key}`);
        else if (++changed % 37 === 0) {
          part[key] = change(value);
          expect(compared(truth, copy).differences.length, `${path}.${key}`).toBeGreaterThan(0);
          part[key] = value;
        }
      }
    };
    visit(copy, "");
    expect(changed).toBeGreaterThan(5000);
    expect(compared(truth, copy).differences).toEqual([]);
    for (const part of ["msm", "legacy", "stations", "frameList"]) {
      const { [part]: _, ...without } = copy;
      expect(compared(truth, without).differences).toHaveLength(1);
    }
  });
});

describe("what no capture holds", () => {
  const head = { stationId: 7, iods: 3, reserved: 0, clockSteering: 2, externalClock: 3, divergenceFreeSmoothing: true, smoothingInterval: 5 };
  const nothing = { finePseudorangeMs: null, finePhaseRangeMs: null, fineRateMps: null, lockIndicator: 1, halfCycle: true, cnrDbHz: null };
  const msm = (more: Pick<MsmToSend, "constellation" | "msm" | "epochMs" | "satellites" | "signalIds" | "cells"> & Partial<MsmToSend>): MsmToSend => ({
    ...{ kind: "msm", multipleMessage: false, dayOfWeek: null },
    ...head,
    ...more,
  });

  test("an MSM7 with a rough range of 255 has no ranges, and values that are not known are null", async () => {
    const satellite = { satelliteId: 14, wholeMs: null, modMs: 0.5, extendedInfo: 0, roughRateMps: null };
    const cells = [{ satelliteId: 14, signalId: 22, ...nothing, finePseudorangeMs: 2 ** -20, fineRateMps: 0.5 }];
    const sent = msm({ constellation: "NAVIC", msm: 7, epochMs: 604_799_999, satellites: [satellite], signalIds: [8, 22], cells });
    const document = await truthOf(encodeMessage(sent));
    expect(document.msm?.["1137"]).toEqual([
      {
        ...{ frame: 0, type: 1137, station: 7, epochRaw: 604_799_999, epochMs: 604_799_999, multipleMessage: 0, iods: 3 },
        ...{ clockSteering: 2, externalClock: 3, smoothingType: 1, smoothingInterval: 5, satMask: [14], sigMask: [8, 22], cellMask: "01" },
        ...{ satFields: ["sat", "roughMs", "roughMod1ms", "extInfo", "roughRateMps"], sats: [["I14", null, 0.5, 0, null]] },
        cellFields: ["sat", "sigId", "rinex", "pseudorangeM", "phaseRangeM", "cnrDbHz", "lockIndicator", "halfCycle", "rangeRateMps"],
        cells: [["I14", 22, "5A", null, null, null, 1, 1, null]],
      },
    ]);
  });

  test("a GLONASS day that is not known is 7, and stands above the time in the raw epoch", async () => {
    const satellites = [{ satelliteId: 24, wholeMs: 70, modMs: 0, extendedInfo: null, roughRateMps: null }];
    const cells = [{ satelliteId: 24, signalId: 9, ...nothing, finePseudorangeMs: 0, lockIndicator: 15 }];
    const sent = msm({ constellation: "GLONASS", msm: 4, epochMs: 86_400_999, dayOfWeek: 7, satellites, signalIds: [9], cells });
    const found = (await truthOf(encodeMessage(sent))).msm?.["1084"]?.[0];
    expect(found).toMatchObject({ epochRaw: 7 * 2 ** 27 + 86_400_999, dayOfWeek: 7, epochMs: 86_400_999, sats: [["R24", 70, 0]] });
    expect(found?.cells).toEqual([["R24", 9, "2P", 70 * 299_792.458, null, null, 15, 1]]);
  });

  test("station parts: each content once, at its first frame, in order; a change of the station is another content", async () => {
    const point = {
      itrfYear: 0,
      gps: true,
      glonass: false,
      galileo: true,
      nonPhysical: true,
      singleOscillator: true,
      quarterCycle: 1,
      xM: 1,
      yM: -2,
      zM: 0.0001,
    };
    const a: RtcmMessage = { kind: "1005", stationId: 1, ...point };
    const b: RtcmMessage = { ...a, stationId: 2 };
    const bias: RtcmMessage = {
      kind: "1230",
      stationId: 1,
      biasIndicator: 0,
      signalMask: 0b0110,
      l1CaBiasM: null,
      l1PBiasM: null,
      l2CaBiasM: 0.02,
      l2PBiasM: null,
    };
    const document = await truthOf(concat(...[a, a, bias, b, a].map(encodeMessage), ZERO_LENGTH));
    const fields = {
      type: 1005,
      itrfYear: 0,
      gps: 1,
      glonass: 0,
      galileo: 1,
      referenceStationIndicator: 1,
      singleOscillator: 1,
      quarterCycle: 1,
      x: 1,
      y: -2,
      z: 0.0001,
    };
    expect(document.stations).toEqual([
      { ...fields, station: 1, frame: 0 },
      { ...fields, station: 2, frame: 3 },
    ]);
    expect(document.glonassBias1230).toEqual([{ station: 1, biasIndicator: 0, mask: "0110", l1p: null, l2ca: 0.02, frame: 2 }]);
    expect(document.messageCounts).toEqual({ 1005: 4, 1230: 1, empty: 1 });
    expect(document.frameList.at(-1)).toEqual([4 * 25 + 14, 6, -1]);
    for (const absent of ["antennas", "text1029", "msm", "legacy", "ephemerides", "decodeErrors", "transferDecoding"])
      expect(document).not.toHaveProperty(absent);
  });

  test("a frame with a good CRC that cannot be decoded is named, counted and in no list", async () => {
    const cut = frameOf(Uint8Array.of(1019 >> 4, (1019 & 15) << 4, 1, 2, 3));
    const good = encodeMessage(msm({ constellation: "GPS", msm: 5, epochMs: 1, satellites: [], signalIds: [], cells: [] }));
    const document = await truthOf(concat(cut, good));
    expect(document["decodeErrors"]).toEqual([[0, 1019, "TRUNCATED: payload ends inside a field"]]);
    expect(document.messageCounts).toEqual({ 1019: 1, 1075: 1 });
    expect(document).not.toHaveProperty("ephemerides");
    expect(document.msm?.["1075"]).toHaveLength(1);
  });

  test("an empty input is a document without frames", async () => {
    expect(await truthOf(new Uint8Array(0))).toMatchObject({ bytes: 0, framing: { frames: 0, bytesOutsideFrames: 0 }, messageCounts: {}, frameList: [] });
  });
});

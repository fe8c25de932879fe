import { decodeMessage, encodeMessage, epochOf, frameOf, messageType, msmFromObservations } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import type { Unit } from "../../correction-relay/epoch-gatherer.ts";
import { type FeedForm, formerOf } from "../../correction-relay/feed-forms.ts";
import { ARP, frame1006, frame1033 } from "./support.ts";

const observation = (satelliteId: number, glonassChannel?: number) => ({
  satelliteId,
  signalId: 2,
  pseudorangeM: 21_000_000 + satelliteId * 1000,
  phaseRangeM: 21_000_001 + satelliteId * 1000,
  rangeRateMps: 0,
  cnrDbHz: 45,
  lockMs: 60_000,
  halfCycle: false,
  ...(glonassChannel === undefined ? {} : { glonassChannel }),
});
const msm = (constellation: "GPS" | "GLONASS" | "GALILEO", kind: 4 | 7, more: boolean): Uint8Array =>
  encodeMessage(
    msmFromObservations(
      { constellation, msm: kind, stationId: 1, epochMs: 1000, multipleMessage: more, ...(constellation === "GLONASS" ? { dayOfWeek: 1 } : {}) },
      [observation(5, constellation === "GLONASS" ? 1 : undefined)],
    ),
  );
const msm1004 = (synchronous: boolean): Uint8Array =>
  encodeMessage({ kind: "1004", stationId: 1, epochMs: 1000, synchronous, divergenceFreeSmoothing: false, smoothingInterval: 0, satellites: [] });
const msm1012 = (synchronous: boolean): Uint8Array =>
  encodeMessage({ kind: "1012", stationId: 1, epochMs: 1000, synchronous, divergenceFreeSmoothing: false, smoothingInterval: 0, satellites: [] });
const MOVING_BASE = frameOf(Uint8Array.from([0xfe, 0x80, 0, 0]));

const unitOf = (frames: readonly Uint8Array[], arrivedAtMs = 0): Unit => ({
  bytes: Buffer.concat(frames),
  frames,
  kind: "epoch",
  epochNumber: 1,
  arrivedAtMs,
  epochUnixMs: 1000,
  last: true,
  keeps: [],
});
const applied = (form: FeedForm, frames: readonly Uint8Array[]): readonly Uint8Array[] => formerOf(form, null).apply(unitOf(frames))?.frames ?? [];
const typesOf = (frames: readonly Uint8Array[]): (number | null)[] => frames.map((frame) => messageType(frame));
const announced = (frames: readonly Uint8Array[]): (boolean | null)[] => frames.map((frame) => epochOf(frame)?.multipleMessage ?? null);

describe("the forms of a stream", () => {
  test("as sent: the very unit, 4072 and all", () => {
    const unit = unitOf([msm("GPS", 7, false), MOVING_BASE]);
    expect(formerOf("as-sent", null).apply(unit)).toBe(unit);
  });

  const MIXED = [
    msm1004(true),
    msm1012(false),
    frame1006(1),
    msm("GPS", 4, true),
    msm("GPS", 7, true),
    msm("GLONASS", 7, true),
    msm("GALILEO", 7, false),
    MOVING_BASE,
  ];

  test.each([
    ["one set per system, and no 4072", "one-set", MIXED, [1006, 1077, 1087, 1097], [null, true, true, false]],
    ["a system that only legacy messages have keeps them", "one-set", [msm1004(true), msm("GLONASS", 7, false)], [1004, 1087], [true, false]],
    ["MSM4: legacy messages go, the last one left says that none follows", "msm4", MIXED, [1006, 1074, 1084, 1094], [null, true, true, false]],
    ["MSM4 closes where a message that closed it has gone", "msm4", [msm("GPS", 7, true), msm1012(false)], [1074], [false]],
    ["legacy: the base's own where it sends them, never both", "legacy", MIXED, [1004, 1012, 1006], [true, false, null]],
    [
      "legacy: what it does not send is converted",
      "legacy",
      [msm1004(true), msm("GPS", 7, true), msm("GLONASS", 7, false), frame1033()],
      [1004, 1012, 1033],
      [true, false, null],
    ],
    [
      "legacy: all converted",
      "legacy",
      [frame1006(1), msm("GPS", 7, true), msm("GLONASS", 7, true), msm("GALILEO", 7, false)],
      [1006, 1004, 1012],
      [null, true, false],
    ],
  ] as const)("%s", (_, form, frames, types, more) => {
    const left = applied(form, frames);
    expect(typesOf(left)).toEqual(types);
    expect(announced(left)).toEqual(more);
  });

  test("nothing left is no unit; no observation left is no epoch", () => {
    expect(formerOf("msm4", null).apply(unitOf([msm1004(false)]))).toBeNull();
    expect(formerOf("msm4", null).apply(unitOf([frame1006(1), msm1004(false)]))?.kind).toBe("other");
  });

  test("a base that stops sending its own legacy messages is converted 10 s later", () => {
    const former = formerOf("legacy", null);
    expect(typesOf(former.apply(unitOf([msm1004(false), msm("GPS", 7, false)], 0))?.frames ?? [])).toEqual([1004]);
    expect(former.apply(unitOf([msm("GPS", 7, false)], 5000))).toBeNull();
    expect(typesOf(former.apply(unitOf([msm("GPS", 7, false)], 11_000))?.frames ?? [])).toEqual([1004]);
  });

  test("under another datum only the reference point is another", () => {
    const offset = { xM: 0.1, yM: -0.2, zM: 0.3 };
    const left = formerOf("as-sent", offset).apply(unitOf([frame1006(1), msm("GPS", 7, false)]));
    expect(left?.frames[1]).toEqual(msm("GPS", 7, false));
    const moved = decodeMessage(left?.frames[0] as Uint8Array);
    expect(moved).toMatchObject({ kind: "1006", stationId: 1 });
    if (moved.kind !== "1006") return;
    expect([moved.xM, moved.yM, moved.zM].map((m) => Math.round(m * 10_000))).toEqual(
      [ARP.xM + 0.1, ARP.yM - 0.2, ARP.zM + 0.3].map((m) => Math.round(m * 10_000)),
    );
  });
});

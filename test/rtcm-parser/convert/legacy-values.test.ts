import { crc24q, LegacyConverter, legacyMinLockS, legacyRanges, type Observation } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { decodedLegacy, type Legacy, msmFrame, msmOf, onlyOf, SEEN } from "./streams.ts";

describe("values of 1004 and 1012", () => {
  test.each([
    ["GPS", "1004", 7, 7],
    ["SBAS", "1004", 1, 40],
    ["SBAS", "1004", 19, 58],
    ["GLONASS", "1012", 24, 24],
  ] as const)("%s: %s, satellite %d as %d, ranges and header as they were", (constellation, kind, satelliteId, legacyId) => {
    const [frame, ...rest] = new LegacyConverter().push([msmOf({ constellation, epochMs: 43_200_000 }, { satelliteId })]);
    expect(rest).toEqual([]);
    expect(crc24q(frame as Uint8Array)).toBe(0);
    const message = decodedLegacy(frame);
    expect(message).toMatchObject({ kind, stationId: 9, epochMs: 43_200_000, synchronous: false, divergenceFreeSmoothing: true, smoothingInterval: 3 });
    expect(message.satellites).toHaveLength(1);
    const satellite = message.satellites[0] as Legacy["satellites"][number];
    expect(satellite).toMatchObject({ satelliteId: legacyId, l1Code: 0, l1LockIndicator: 48, l1CnrDbHz: 43.25 });
    expect(legacyMinLockS(48)).toBe(72);
    if (kind === "1012") expect(satellite).toMatchObject({ frequencyChannel: -4 });
    const ranges = legacyRanges(satellite);
    expect(Math.abs(ranges.l1PseudorangeM - SEEN.pseudorangeM)).toBeLessThanOrEqual(0.011);
    expect(Math.abs((ranges.l1PhaseRangeM as number) - (SEEN.phaseRangeM as number))).toBeLessThanOrEqual(0.0004);
    // No second band: nothing of it may look like a value.
    expect(satellite).toMatchObject({ l2MinusL1PseudorangeM: null, l2PhaseMinusL1PseudorangeM: null, l2LockIndicator: 0, l2CnrDbHz: null });
  });

  test.each([
    // constellation, signals sent → L1 code, L2 code (DF010, DF016, DF039, DF046); null: that band is not sent
    ["GPS", [2, 10], 0, 3],
    ["GPS", [2, 9], 0, 1],
    ["GPS", [2, 16], 0, 0],
    ["GPS", [2, 17], 0, 0],
    ["GPS", [2, 15], 0, 0],
    ["GPS", [2, 8], 0, 0],
    ["GPS", [4, 10], 1, 3],
    ["GPS", [3, 22], 1, null],
    ["GLONASS", [2, 8], 0, 0],
    ["GLONASS", [3, 9], 1, 1],
  ] as const)("%s signals %j: codes %d and %d", (constellation, signals, l1Code, l2Code) => {
    const [first, second] = signals;
    const frame = msmOf({ constellation, epochMs: 0 }, { signalId: first }, { signalId: second, pseudorangeM: SEEN.pseudorangeM + 4, phaseRangeM: 22_345_690 });
    const satellite = onlyOf(new LegacyConverter().push([frame]));
    expect(satellite.l1Code).toBe(l1Code);
    const { l2PseudorangeM, l2PhaseRangeM } = legacyRanges(satellite);
    if (l2Code === null) expect([l2PseudorangeM, l2PhaseRangeM]).toEqual([null, null]);
    else {
      expect(satellite.l2Code).toBe(l2Code);
      expect(Math.abs((l2PseudorangeM as number) - SEEN.pseudorangeM - 4)).toBeLessThanOrEqual(0.011);
      expect(Math.abs((l2PhaseRangeM as number) - 22_345_690)).toBeLessThanOrEqual(0.0004);
    }
  });

  test("P(Y) is preferred on L2; L2C takes its place, as a slip, until P(Y) has been steady again for 10 s", () => {
    const converter = new LegacyConverter();
    const at = (s: number, ...l2: readonly Partial<Observation>[]) => onlyOf(converter.push([msmOf({ epochMs: s * 1000 }, {}, ...l2)]));
    expect(at(0, { signalId: 10 }, { signalId: 16 })).toMatchObject({ l2Code: 3, l2LockIndicator: 48 });
    expect(at(1, { signalId: 10, phaseRangeM: null }, { signalId: 16 })).toMatchObject({ l2Code: 0, l2LockIndicator: 0 });
    expect(at(2, { signalId: 10, lockMs: 1000 }, { signalId: 16 })).toMatchObject({ l2Code: 0, l2LockIndicator: 1 });
    expect(at(3, { signalId: 10, lockMs: 10_240 }, { signalId: 16 })).toMatchObject({ l2Code: 3, l2LockIndicator: 0 });
    expect(at(4, { signalId: 10, lockMs: 11_264 }, { signalId: 16 })).toMatchObject({ l2Code: 3, l2LockIndicator: 1 });
    expect(at(5, { signalId: 16 })).toMatchObject({ l2Code: 0, l2LockIndicator: 0 });
  });

  test("without any phase the pseudorange is sent, of the signal sent last if it has one", () => {
    const converter = new LegacyConverter();
    const at = (s: number, ...signalIds: readonly number[]) =>
      onlyOf(converter.push([msmOf({ epochMs: s * 1000 }, {}, ...signalIds.map((signalId) => ({ signalId, phaseRangeM: null })))]));
    expect(at(0, 16)).toMatchObject({ l2Code: 0, l2PhaseMinusL1PseudorangeM: null, l2LockIndicator: 0 });
    expect(at(1, 10, 16)).toMatchObject({ l2Code: 0, l2MinusL1PseudorangeM: 0 });
    expect(at(2, 10)).toMatchObject({ l2Code: 3, l2MinusL1PseudorangeM: 0 });
  });

  test.each([
    [163.8, 163.8],
    [163.82, 163.82],
    [163.84, null],
    [-163.82, -163.82],
    [-163.84, null], // would round to the invalid code
    [-200, null],
  ])("an L2 pseudorange %d m beside L1's is sent as %d", (by, sent) => {
    const pseudorangeM = 22_345_678;
    const satellite = onlyOf(new LegacyConverter().push([msmOf({}, { pseudorangeM }, { signalId: 16, pseudorangeM: pseudorangeM + by })]));
    if (sent === null) expect(satellite.l2MinusL1PseudorangeM).toBeNull();
    else expect(Math.abs((satellite.l2MinusL1PseudorangeM as number) - sent)).toBeLessThanOrEqual(0.0201);
    expect(satellite.l2PhaseMinusL1PseudorangeM).not.toBeNull();
  });

  test.each([
    [1 / 16, null],
    [2 / 16, 0.25],
    [50, 50],
    [63.75, 63.75],
    [1023 / 16, null],
    [null, null],
  ])("CNR %d dB-Hz is sent as %d", (cnrDbHz, sent) => expect(onlyOf(new LegacyConverter().push([msmOf({}, { cnrDbHz })])).l1CnrDbHz).toBe(sent));

  test.each([0.02, 299_792.45, 299_792.457, 299_792.458, 75 * 299_792.458 - 0.004, 254.9 * 299_792.458])("a pseudorange of %d m comes back", (pseudorangeM) => {
    for (const constellation of ["GPS", "GLONASS"] as const) {
      const satellite = onlyOf(new LegacyConverter().push([msmOf({ constellation, epochMs: 0 }, { pseudorangeM, phaseRangeM: pseudorangeM })]));
      const ranges = legacyRanges(satellite);
      expect(Math.abs(ranges.l1PseudorangeM - pseudorangeM)).toBeLessThanOrEqual(0.0105);
      expect(Math.abs((ranges.l1PhaseRangeM as number) - pseudorangeM)).toBeLessThanOrEqual(0.0004);
    }
  });

  test("a satellite without L1 pseudorange is left out, with the others kept", () => {
    const converter = new LegacyConverter();
    const frame = msmOf({}, { satelliteId: 1, signalId: 16 }, { satelliteId: 2 }, { satelliteId: 40 });
    expect(decodedLegacy(converter.push([frame])[0]).satellites.map((satellite) => satellite.satelliteId)).toEqual([2]);
    expect(converter.push([msmFrame({ epochMs: 0, finePseudorangeMs: null })])).toEqual([]);
    expect(converter.push([msmFrame({ epochMs: 0, wholeMs: null })])).toEqual([]);
  });

  test.each([
    ["GPS", 33],
    ["SBAS", 20],
    ["GLONASS", 25],
  ] as const)("%s %d has no number in 1004 and 1012", (constellation, satelliteId) => {
    expect(new LegacyConverter().push([msmOf({ constellation, epochMs: 0 }, { satelliteId })])).toEqual([]);
  });

  test("31 satellites at most: the last ones stay out", () => {
    const gps = [1, 17].map((from) => msmOf({ multipleMessage: true }, ...Array.from({ length: 16 }, (_, i) => ({ satelliteId: from + i }))));
    const sbas = msmOf({ constellation: "SBAS" }, { satelliteId: 10 });
    const message = decodedLegacy(new LegacyConverter().push([...gps, sbas])[0]);
    expect(message.satellites.map((satellite) => satellite.satelliteId)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  });
});

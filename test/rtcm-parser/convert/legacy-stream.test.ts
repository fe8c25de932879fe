import fc from "fast-check";
import { encodeMessage, epochOf, frameOf, LegacyConverter, messageType, stationId } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { anyFrameOf, anyMsm, MSM_TYPES, TABLE_TYPES } from "../arbitraries.ts";
import { EXAMPLE_1005, ZERO_LENGTH } from "../fixtures.ts";
import { decodedLegacy, decodedMsm, msmOf } from "./streams.ts";

const typed = (type: number): Uint8Array => frameOf(Uint8Array.of(type >> 4, (type & 15) << 4, 0, 0));
const types = (frames: readonly Uint8Array[]): (number | null)[] => frames.map(messageType);
const flags = (frames: readonly Uint8Array[]): (boolean | undefined)[] => frames.map((frame) => epochOf(frame)?.multipleMessage);

const GPS_MS = 43_200_000;
const gps = (more = true, epochMs = GPS_MS) => msmOf({ epochMs, multipleMessage: more }, { satelliteId: 3 }, { satelliteId: 4 });
const glonass = (more = true, epochMs = GPS_MS) => msmOf({ constellation: "GLONASS", epochMs, multipleMessage: more }, { satelliteId: 3 });
const galileo = (more = true, epochMs = GPS_MS) => msmOf({ constellation: "GALILEO", epochMs, multipleMessage: more }, { satelliteId: 3 });

describe("an epoch of MSM as 1004 and 1012", () => {
  test("1004 and 1012 stand in place of the first MSM, other MSM are gone, the rest stays in order", () => {
    const converter = new LegacyConverter();
    const bias = typed(1230);
    const out = converter.push([EXAMPLE_1005, gps(), ZERO_LENGTH, glonass(), galileo(), msmOf({ constellation: "BEIDOU" }, {}), bias]);
    expect(types(out)).toEqual([1005, 1004, 1012, null, 1230]);
    expect([out[0], out[3], out[4]]).toEqual([EXAMPLE_1005, ZERO_LENGTH, bias]);
    expect(converter.counters).toEqual({ made: 2, left: 2, malformed: 0, withoutChannel: 0 });
  });

  test.each([
    ["both", [gps(), glonass(false)], [true, false]],
    ["GLONASS first", [glonass(), gps(false)], [true, false]],
    ["a message between that goes", [gps(), galileo(), glonass(false)], [true, false]],
    ["a message behind that goes", [gps(), glonass(), galileo(false)], [true, false]],
    ["GPS alone", [gps(), galileo(false)], [false]],
    ["GLONASS alone", [glonass(), galileo(false)], [false]],
  ])("synchronous flag, %s", (_, frames, expected) => expect(flags(new LegacyConverter().push(frames))).toEqual(expected));

  test("pieces of an epoch: more is announced only while the other system is to come", () => {
    const converter = new LegacyConverter();
    const epoch = (...pieces: readonly (readonly Uint8Array[])[]) => pieces.map((piece) => flags(converter.push(piece)));
    expect(epoch([gps(true, 0)], [glonass(true, 0)], [galileo(false, 0)])).toEqual([[false], [false], []]); // not known yet
    expect(epoch([gps(true, 1000)], [glonass(true, 1000)], [galileo(false, 1000)])).toEqual([[true], [false], []]);
    expect(epoch([glonass(true, 2000)], [gps(true, 2000)], [galileo(false, 2000)])).toEqual([[true], [false], []]);
    expect(epoch([gps(true, 3000)], [galileo(false, 3000)])).toEqual([[true], []]);
    expect(epoch([gps(true, 4000)], [galileo(false, 4000)])).toEqual([[false], []]); // GLONASS is gone
  });

  test("a system split over two messages, and SBAS beside GPS, become one message", () => {
    const second = msmOf({ multipleMessage: true }, { satelliteId: 1 }, { satelliteId: 4, signalId: 16 }, { satelliteId: 4, cnrDbHz: 20 });
    const sbas = msmOf({ constellation: "SBAS" }, { satelliteId: 9 });
    const [frame, ...rest] = new LegacyConverter().push([gps(), second, sbas]);
    expect(rest).toEqual([]);
    const { satellites } = decodedLegacy(frame);
    expect(satellites.map(({ satelliteId, l2LockIndicator }) => [satelliteId, l2LockIndicator])).toEqual([
      [1, 0],
      [3, 0],
      [4, 48],
      [48, 0],
    ]);
    expect(satellites[2]?.l1CnrDbHz).toBe(43.25); // of a signal that comes twice, the first counts
  });

  test("two epochs in one go stay two", () => {
    const out = new LegacyConverter().push([gps(), glonass(false), EXAMPLE_1005, gps(true, GPS_MS + 1000), glonass(false, GPS_MS + 1000)]);
    expect(types(out)).toEqual([1004, 1012, 1005, 1004, 1012]);
    expect(flags(out)).toEqual([true, false, undefined, true, false]);
    expect(out.map((frame) => epochOf(frame)?.epochRaw)).toEqual([GPS_MS, GPS_MS, undefined, GPS_MS + 1000, GPS_MS + 1000]);
  });

  test("a system that the stream sends as 1001..1004 or 1009..1012 itself is not made a second time", () => {
    const own = new LegacyConverter().push([gps(), glonass(false)]);
    expect(new LegacyConverter().push([gps(), ...own, glonass(false)])).toEqual(own);
    expect(types(new LegacyConverter().push([gps(), typed(1002), glonass(false)]))).toEqual([1002, 1012]);
  });

  test("MSM1 to 3 cannot be converted, MSM4 to 7 can", () => {
    const converter = new LegacyConverter();
    for (const kind of [1, 2, 3] as const) {
      fc.assert(
        fc.property(anyMsm("GPS", kind), (sent) => converter.push([encodeMessage(sent)]).length === 0),
        { numRuns: 5 },
      );
    }
    for (const kind of [4, 5, 6, 7] as const) expect(types(converter.push([msmOf({ msm: kind }, {})]))).toEqual([1004]);
    expect(converter.counters.malformed).toBe(0);
  });

  test("an MSM without satellites gives nothing", () => {
    const empty = encodeMessage({ ...decodedMsm(gps()), satellites: [], signalIds: [], cells: [] });
    expect(new LegacyConverter().push([empty, EXAMPLE_1005])).toEqual([EXAMPLE_1005]);
    expect(flags(new LegacyConverter().push([empty, glonass(false)]))).toEqual([false]);
  });
});

/** A 1020 of zeros but for its slot and channel: what else it tells does not matter here. */
function ephemerisOf(slot: number, channel: number): Uint8Array {
  const payload = new Uint8Array(45);
  payload.set([1020 >> 4, ((1020 & 15) << 4) | (slot >> 2), ((slot & 3) << 6) | ((channel + 7) << 1)]);
  return frameOf(payload);
}

describe("GLONASS channels", () => {
  const unknown = (msm: 4 | 5 | 6 | 7, epochMs = 0, extendedInfo = 15) => {
    const message = decodedMsm(msmOf({ constellation: "GLONASS", msm, epochMs }, { satelliteId: 3 }, { satelliteId: 4 }));
    return encodeMessage({ ...message, satellites: message.satellites.map((s) => ({ ...s, extendedInfo: s.extendedInfo === null ? null : extendedInfo })) });
  };
  const ephemeris = ephemerisOf(4, 6);
  const sent = (frames: readonly Uint8Array[]) =>
    frames
      .filter((frame) => messageType(frame) === 1012)
      .flatMap((frame) => decodedLegacy(frame).satellites.map((s) => [s.satelliteId, "frequencyChannel" in s && s.frequencyChannel]));

  test.each([4, 5, 6, 7] as const)("MSM%d without them: a satellite stays out until 1020 tells, also behind it", (msm) => {
    const converter = new LegacyConverter();
    expect(converter.push([unknown(msm)])).toEqual([]);
    expect(converter.counters.withoutChannel).toBe(2);
    expect(sent(converter.push([unknown(msm, 1000), ephemeris]))).toEqual([[4, 6]]);
    expect(sent(converter.push([unknown(msm, 2000)]))).toEqual([[4, 6]]);
    expect(converter.counters.withoutChannel).toBe(4);
  });

  test("14 is no channel either", () => expect(new LegacyConverter().push([unknown(7, 0, 14)])).toEqual([]));

  test("MSM7 told them once: MSM4 has them from then on", () => {
    const converter = new LegacyConverter();
    converter.push([glonass(false, 0)]);
    expect(sent(converter.push([unknown(4, 1000)]))).toEqual([[3, -4]]);
  });
});

describe("robustness", () => {
  test("no payload under a valid CRC makes it throw; what is no MSM passes byte for byte", () => {
    const converter = new LegacyConverter();
    const anyFrames = fc.array(
      fc.constantFrom(...MSM_TYPES, ...TABLE_TYPES).chain((type) => anyFrameOf(type)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const out = converter.push(frames);
        const others = frames.filter((frame) => !MSM_TYPES.includes(messageType(frame) as number));
        expect(others.every((frame) => out.includes(frame))).toBe(true);
        for (const frame of out) if (!frames.includes(frame)) expect(decodedLegacy(frame).satellites.length).toBeLessThanOrEqual(31);
      }),
      { numRuns: 400 },
    );
  });

  test("any valid MSM becomes a message that decodes", () => {
    const anyGood = fc
      .constantFrom("GPS", "SBAS", "GLONASS")
      .chain((system) => fc.constantFrom(4, 5, 6, 7).chain((kind) => anyMsm(system as "GPS", kind as 4)));
    const converter = new LegacyConverter();
    fc.assert(
      fc.property(anyGood, (sent) => {
        const frame = encodeMessage(sent);
        const out = converter.push([frame]);
        for (const made of out) expect(decodedLegacy(made)).toMatchObject({ stationId: stationId(frame), epochMs: sent.epochMs });
      }),
      { numRuns: 300 },
    );
    expect(converter.counters.malformed).toBe(0);
  });
});

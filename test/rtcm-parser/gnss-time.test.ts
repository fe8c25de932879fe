import fc from "fast-check";
import { type Epoch, epochAtUnixMs, epochOf, epochUnixMs, gpsTowMsOf } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CONSTELLATIONS } from "./arbitraries.ts";
import { type CaptureName, readCapture } from "./captures.ts";

const WEEK_MS = 604_800_000;

describe("epochUnixMs", () => {
  // 2023-11-14T22:13:20Z was a Tuesday: GPS tow = 2 d + 22:13:20 + 18 s; BDT 14 s less; GLONASS 01:13:20 of Wednesday.
  const unixMs = 1_700_000_000_000;
  test.each([
    ["GPS", 252_818_000, null],
    ["GALILEO", 252_818_000, null],
    ["QZSS", 252_818_000, null],
    ["BEIDOU", 252_804_000, null],
    ["GLONASS", 4_400_000, 3],
  ] as const)("%s, both ways", (constellation, epochRaw, dayOfWeek) => {
    expect(epochUnixMs({ constellation, epochRaw }, unixMs + 90_000)).toBe(unixMs);
    expect(epochAtUnixMs(constellation, unixMs)).toEqual({ epochMs: epochRaw, dayOfWeek });
  });

  test("the nearest to now, over the end of a week or day, either way", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CONSTELLATIONS),
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: -40_000_000, max: 40_000_000 }),
        (constellation, at, off) => {
          const { epochMs } = epochAtUnixMs(constellation, at);
          expect(epochUnixMs({ constellation, epochRaw: epochMs }, at + off)).toBe(at);
        },
      ),
    );
  });

  test("leap seconds of another year can be given", () => {
    expect(epochUnixMs({ constellation: "GPS", epochRaw: 252_816_000 }, unixMs, 16)).toBe(unixMs);
  });

  test("BDT runs 14 s behind GPS time, over the end of the week too", () => {
    expect(gpsTowMsOf({ constellation: "BEIDOU", epochRaw: WEEK_MS - 1000 })).toBe(13_000);
    expect(gpsTowMsOf({ constellation: "NAVIC", epochRaw: 5 })).toBe(5);
  });
});

describeNeeding(["shared"], "epochs of real captures", () => {
  // Receivers send all systems of one instant together, so their times must agree with each other. The capture of
  // 2012 is not among these: its BeiDou carries GPS time, and there were 16 leap seconds.
  test.each<[CaptureName]>([
    ["base-f9p-msm7-200s.rtcm3"],
    ["msm4-trimble.rtcm3"],
    ["msm5-piksi-5hz.rtcm3"],
    ["ntrip-body-plain.bin"],
    ["mixed-ubx-nmea-rtcm-f9p-long.bin"],
  ])("%s: the constellations of one epoch say the same time", (name) => {
    const nowMs = Date.UTC(2024, 7, 30);
    const epochs = readCapture(name)
      .frames.map(epochOf)
      .filter((epoch): epoch is Epoch => epoch !== null);
    const offsets = new Set<number>();
    let group: Epoch[] = [];
    for (const epoch of epochs) {
      // The message that closes an epoch may be missing; a constellation that comes again begins the next one.
      if (group.some((other) => other.constellation === epoch.constellation)) group = [];
      group.push(epoch);
      // A GLONASS time knows no date: compare times of day.
      offsets.add((epochUnixMs(epoch, nowMs) - epochUnixMs(group[0] as Epoch, nowMs)) % 86_400_000);
      if (!epoch.multipleMessage) group = [];
    }
    expect([...offsets].map((offset) => offset + 0)).toEqual([0]);
  });
});

import fc from "fast-check";
import { frameOf, latLonToEcef } from "rtcm-parser";
import { expect, test } from "vitest";
import { AntennaWatch } from "../../../correction-relay/gnss/antenna-watch.ts";
import { EphemerisStore } from "../../../correction-relay/gnss/ephemeris-store.ts";
import { EpochAssembler } from "../../../correction-relay/gnss/epoch-assembler.ts";
import type { ObservationEpoch } from "../../../correction-relay/gnss/observation-epoch.ts";
import { readCapture } from "../../rtcm-parser/captures.ts";
import { describeNeeding } from "../../support/requirements.ts";
import { type SimulatedBase, simulateBase } from "./simulated-base.ts";

const HERE = latLonToEcef({ latDeg: 39.42, lonDeg: 140.55, heightM: 60 });
const BASE = { startUnixMs: Date.UTC(2026, 4, 16, 23, 59, 35), seconds: 20, antenna: HERE, seed: 2 } satisfies SimulatedBase;

function epochsOf(frames: Iterable<Uint8Array>): ObservationEpoch[] {
  const assembler = new EpochAssembler();
  const epochs = [...frames].flatMap((frame) => assembler.push(frame) ?? []);
  return [...epochs, ...[assembler.flush()].filter((epoch) => epoch !== null)];
}
const shape = (epochs: readonly ObservationEpoch[]): string[] => epochs.map(({ systems }) => systems.map(({ constellation }) => constellation[0]).join(""));

test("one epoch each second, all systems, over midnight and the week's end", () => {
  const epochs = epochsOf([...simulateBase(BASE)].flatMap(({ frames }) => frames));
  expect(new Set(shape(epochs)).size).toBe(1);
  expect(epochs.map(({ streamMs }) => streamMs)).toEqual(Array.from({ length: 20 }, (_, s) => 1000 * s));
});

test("a system that is lost and comes back joins its own second", () => {
  const frames = [...simulateBase(BASE)].map((epoch) => epoch.frames.filter((frame) => ((frame[3] as number) << 4) + ((frame[4] as number) >> 4) > 1070));
  const holes = frames.map((of, s) => (s % 3 === 1 ? of.slice(1) : s % 5 === 4 ? of.slice(0, -1) : of));
  const epochs = epochsOf(holes.flat());
  expect(epochs).toHaveLength(20);
  expect(epochs.map(({ systems }) => systems.length)).toEqual(holes.map((of) => of.length));
});

test("a sender whose BeiDou keeps another time still makes one epoch of a second", () => {
  expect(epochsOf([...simulateBase({ ...BASE, beidouInGpsTime: true })].flatMap(({ frames }) => frames))).toHaveLength(20);
});

test("no frame, however mangled under a valid CRC, breaks the checks", () => {
  const frames = [...simulateBase({ ...BASE, seconds: 6 })].flatMap((epoch) => epoch.frames);
  const mangled = fc.record({ index: fc.nat(frames.length - 1), flips: fc.array(fc.nat(1200), { maxLength: 12 }), cut: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(mangled, { minLength: 1, maxLength: 40 }), (changes) => {
      const watch = new AntennaWatch({ pool: new EphemerisStore() });
      const stream = [...frames];
      for (const { index, flips, cut } of changes) {
        const payload = Uint8Array.from((frames[index] as Uint8Array).subarray(3, -3 - (cut > 20 ? 0 : cut)));
        for (const bit of flips) if (bit >> 3 < payload.length && bit > 11) payload[bit >> 3] = (payload[bit >> 3] as number) ^ (128 >> (bit & 7));
        stream.splice(index, 1, frameOf(payload));
      }
      for (const frame of stream) watch.frame(frame, HERE, 0);
      expect(watch.bump.state).not.toBe("moved");
      expect(watch.result(HERE, []).state).toBe("insufficient");
    }),
    { numRuns: 40 },
  );
});

describeNeeding(["shared"], "real streams", () => {
  test.each([
    { name: "base-f9p-msm7-200s.rtcm3", epochs: 198, systems: 4 },
    { name: "base-msm7-japan-gmsd-2012.rtcm3", epochs: 257, systems: 4 },
    { name: "msm4-trimble.rtcm3", epochs: 153, systems: 4 },
    { name: "msm5-piksi-5hz.rtcm3", epochs: 38, systems: 4 },
    { name: "legacy-1004-1012-eph.rtcm3", epochs: 186, systems: 2 },
  ] as const)("$name", ({ name, epochs, systems }) => {
    const found = epochsOf(readCapture(name).frames);
    expect(Math.abs(found.length - epochs)).toBeLessThanOrEqual(1);
    expect(found.filter((epoch) => epoch.systems.length === systems).length).toBeGreaterThan(0.95 * epochs);
  });
});

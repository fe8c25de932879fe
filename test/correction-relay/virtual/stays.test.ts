import fc from "fast-check";
import { expect, test } from "vitest";
import { FieldTown, plotOf, townBase } from "./field-town.ts";

const STOPPED = { code: "arp-off-survey", ja: "位置が測量値と違います", en: "Position is off its survey" };
const IDS = ["w", "m", "e"] as const;
const EAST_M = { w: -3000, m: 500, e: 3000 } as const;

/** Row of paddies with 1 m of bund; what a rover may do in it and what may befall the bases. */
const PLOTS = [
  plotOf("p0", { eastM: 0, northM: 0, widthM: 30, heightM: 100 }, "w"),
  plotOf("p1", { eastM: 31, northM: 0, widthM: 30, heightM: 100 }, "w"),
  plotOf("p2", { eastM: 62, northM: 0, widthM: 30, heightM: 100 }, "e"),
  plotOf("p3", { eastM: 300, northM: 0, widthM: 30, heightM: 100 }, "m"),
  plotOf("p4", { eastM: 331, northM: 0, widthM: 30, heightM: 100 }),
];
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("drive" as const), eastM: fc.integer({ min: -60, max: 420 }), northM: fc.integer({ min: -60, max: 160 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), s: fc.integer({ min: 1, max: 80 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("silence" as const), base: fc.constantFrom(...IDS), silent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stop" as const), base: fc.constantFrom(...IDS), stopped: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("few" as const), base: fc.constantFrom(...IDS), few: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("gga" as const), sent: fc.boolean() }) },
);

/** After a stay was decided for, the base before goes on for as long as the new one lets wait: a gap of its uplink at most. */
const SETTLED_AFTER_MS = 10_000;

test("never data of two bases that are not aligned within one stay in a plot", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 30 }), fc.boolean(), (steps, isAligned) => {
      const bases = IDS.map((id, i) => townBase(id, { eastM: EAST_M[id], northM: 0 }, { stationId: i + 1, alignedWith: isAligned && id === "w" ? ["m"] : [] }));
      const town = new FieldTown({ mode: "FIELD", bases, plots: PLOTS });
      town.at = { eastM: 15, northM: 50 };
      for (const one of steps) {
        if (one.kind === "drive") town.drive(one, 5);
        else if (one.kind === "wait") town.run(one.s);
        else if (one.kind === "silence") town.silence(one.base, one.silent);
        else if (one.kind === "stop") town.stop(one.base, one.stopped ? STOPPED : null);
        else if (one.kind === "few") town.soft(one.base, one.few ? STOPPED : null, one.few);
        else town.ggaEveryMs = one.sent ? 1000 : 86_400_000;
      }
      let stay = { plotId: null as string | null, sinceMs: 0 };
      let settled: string | null = null;
      for (const { atMs, baseId, plotId } of town.delivered) {
        if (plotId !== stay.plotId) {
          stay = { plotId, sinceMs: atMs };
          settled = null;
        }
        if (plotId === null || atMs - stay.sinceMs < SETTLED_AFTER_MS) continue;
        settled ??= baseId;
        const pair = [settled, baseId].sort().join(" ");
        expect(settled === baseId || (isAligned && pair === "m w"), `${settled}, then ${baseId} in ${plotId}`).toBe(true);
        settled = baseId;
      }
    }),
    { numRuns: 150 },
  );
});

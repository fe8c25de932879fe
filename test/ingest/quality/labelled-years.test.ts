import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { neighbourReasons } from "../../../ingest/quality/neighbours.ts";
import { flagOf, judge } from "../../../ingest/quality.ts";
import type { FieldQuantity } from "./field-year.ts";
import { labelledYear, SENSORS } from "./labelled-year.ts";

const COMMITTED_SEEDS = [20260401, 314159, 39_4200] as const;
const INTERVALS_S = [600, 1800, 3600] as const;
const ROOT = new URL("../../../", import.meta.url);

/** Three seeds that nobody can have tuned for: they follow from the commit, without git from the package's version. */
function derivedSeeds(): readonly number[] {
  let source: string;
  try {
    source = execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    source = (JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string }).version;
  }
  const digest = createHash("sha256").update(source).digest();
  return [0, 1, 2].map((i) => digest.readUInt32BE(4 * i) % 1_000_000);
}

/** One fault: how many readings it spoils, how many of them are flagged. */
interface Tally {
  readings: number;
  found: number;
}

interface Score {
  readonly faults: Map<string, Map<string, Tally>>; // "spike 5", by year and event
  readonly good: Map<number, { readings: number; flagged: number }>; // by interval, s
}

const DERIVED_SEEDS = derivedSeeds();
const SEEDS = [...COMMITTED_SEEDS, ...DERIVED_SEEDS];

function scoreOf(quantity: FieldQuantity): Score {
  const score: Score = { faults: new Map(), good: new Map() };
  for (const intervalS of INTERVALS_S) {
    const good = { readings: 0, flagged: 0 };
    score.good.set(intervalS, good);
    for (const seed of SEEDS) {
      const readings = labelledYear({ quantity, intervalS, seed, faulty: true });
      const points = readings.map(({ timeMs, value }) => ({ timeMs, value, ownReasons: judge({ quantity, value, reasons: [] }).reasons }));
      const verdicts = neighbourReasons({ quantity, intervalS }, points, 0, points.length);
      readings.forEach(({ label, value }, i) => {
        const isFlagged = flagOf(value, [...(points[i] as (typeof points)[number]).ownReasons, ...(verdicts[i] as readonly string[])]) >= 3;
        if (label === null) {
          good.readings += 1;
          good.flagged += Number(isFlagged);
        } else if (label.kind !== "offset") {
          const name = `${label.kind} ${label.size}`;
          const events = score.faults.get(name) ?? new Map<string, Tally>();
          score.faults.set(name, events);
          const event = `${intervalS} ${seed} ${label.event}`;
          const tally = events.get(event) ?? { readings: 0, found: 0 };
          events.set(event, tally);
          tally.readings += 1;
          tally.found += Number(isFlagged);
        }
      });
    }
  }
  return score;
}

/** Each fault counts alike, however long it lasts. */
function meanShare(tallies: readonly Tally[]): number {
  return tallies.reduce((sum, { readings, found }) => sum + found / readings, 0) / tallies.length;
}

describe(`years of faults, seeds ${SEEDS.join(", ")}`, () => {
  test.each(Object.keys(SENSORS) as FieldQuantity[])("%s", (quantity) => {
    const { faults, good } = scoreOf(quantity);
    const rows = [...faults].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
    const recalls = rows.map(([fault, events]) => ({ fault, events: events.size, recall: meanShare([...events.values()]) }));
    const falsePct = [...good].map(([intervalS, { readings, flagged }]) => ({ intervalS, falsePct: (100 * flagged) / readings }));
    console.info(
      [
        quantity,
        ...recalls.map(({ fault, events, recall }) => `  ${fault.padEnd(16)} ${String(events).padStart(4)} faults  recall ${recall.toFixed(3)}`),
        ...falsePct.map((f) => `  false flags at ${f.intervalS} s: ${f.falsePct.toFixed(2)} %`),
      ].join("\n"),
    );
    expect(recalls.filter(({ recall }) => recall < 0.95)).toEqual([]);
    expect(falsePct.filter((f) => f.falsePct > 1)).toEqual([]);
    for (const { events } of recalls) expect(events).toBeGreaterThan(20);
  });

  test("years without faults: at most 1 reading in 500 is flagged", () => {
    for (const quantity of Object.keys(SENSORS) as FieldQuantity[]) {
      const points = labelledYear({ quantity, intervalS: 1800, seed: DERIVED_SEEDS[0] as number, faulty: false }).map(({ timeMs, value }) => ({
        timeMs,
        value,
        ownReasons: judge({ quantity, value, reasons: [] }).reasons,
      }));
      const flagged = neighbourReasons({ quantity, intervalS: 1800 }, points, 0, points.length).filter(
        (reasons, i) => reasons.length + (points[i] as (typeof points)[number]).ownReasons.length > 0,
      );
      expect({ quantity, flagged: flagged.length / points.length < 0.002 }).toEqual({ quantity, flagged: true });
    }
  });
});

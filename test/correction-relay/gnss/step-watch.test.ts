import { describe, expect, test } from "vitest";
import type { Enu } from "../../../correction-relay/gnss/line-of-sight.ts";
import { StepWatch } from "../../../correction-relay/gnss/step-watch.ts";
import { SeededRandom } from "./random.ts";

const SIGMA: Enu = { eastM: 0.0015, northM: 0.0015, upM: 0.0025 };

interface Run {
  readonly movedAtS: number | null;
  readonly watch: StepWatch;
}

/** Feeds the changes of a path (m east, at seconds), with 1 mm of noise upwards. */
function run(path: (s: number) => number, timesS: Iterable<number> = range(0, 200), sigma = SIGMA): Run {
  const watch = new StepWatch();
  const random = new SeededRandom(1);
  let [last, lastUp, movedAtS]: [number, number, number | null] = [path(0), 0, null];
  for (const s of timesS) {
    const up = 0.001 * random.normal();
    watch.add(s, { eastM: path(s) - last, northM: 0, upM: up - lastUp }, sigma);
    [last, lastUp] = [path(s), up];
    if (watch.state === "moved") movedAtS ??= s;
  }
  return { movedAtS, watch };
}

function range(from: number, to: number, by = 1): number[] {
  return Array.from({ length: Math.ceil((to - from) / by) }, (_, i) => from + i * by);
}
const step =
  (m: number, atS = 100) =>
  (s: number): number =>
    s >= atS ? m : 0;

describe("a step that stays", () => {
  test.each([16, 20, 40, 2000])("%i mm: moved after ten seconds", (mm) => {
    const { movedAtS, watch } = run(step(mm / 1000));
    expect(movedAtS).toBe(110);
    expect(Math.abs((watch.off?.eastM ?? 0) - mm / 1000)).toBeLessThan(0.002);
  });

  test("on top of a drift of 2 mm/s", () => {
    expect(run((s) => 0.002 * s + step(0.02)(s)).movedAtS).toBe(110);
  });

  test("in epochs of five seconds", () => {
    expect(run(step(0.04), range(0, 200, 5)).movedAtS).toBe(115);
  });

  test("the limit grows with what the satellites cannot tell, and falls with what is seen", () => {
    const poor: Enu = { eastM: 0.015, northM: 0.015, upM: 0.03 };
    expect(run(step(0.04, 30), range(0, 50), poor).movedAtS).toBeNull();
    expect(run(step(0.04, 30), range(0, 50), poor).watch.limitM).toBeGreaterThan(0.1);
    expect(run(step(0.04, 500), range(0, 520), poor).movedAtS).not.toBeNull();
  });
});

describe("what is no step", () => {
  test.each<{ name: string; path: (s: number) => number }>([
    { name: "9 mm", path: step(0.009) },
    { name: "a drift of 5 mm/s", path: (s) => 0.005 * s },
    { name: "five seconds aside", path: (s) => (s >= 100 && s < 105 ? 0.05 : 0) },
    { name: "again and again aside", path: (s) => (s > 60 && s % 20 < 4 ? 0.05 : 0) },
    { name: "a slow wave of the air", path: (s) => 0.01 * Math.sin(s / 40) },
    { name: "one wild epoch", path: (s) => (s === 100 ? 3 : 0) },
  ])("$name", ({ path }) => {
    const { movedAtS, watch } = run(path);
    expect(movedAtS).toBeNull();
    expect(watch.state).toBe("still");
  });

  test("an excursion whose return lies in a gap", () => {
    const path = (s: number): number => (s >= 100 && s < 103 ? 0.05 : 0);
    expect(run(path, [...range(0, 101), ...range(114, 200)]).movedAtS).toBeNull();
  });

  test("twenty seconds without a judgement at the start, and after a break", () => {
    const { watch } = run(() => 0, range(0, 20));
    expect([watch.state, watch.off]).toEqual(["insufficient", null]);
    const later = run(() => 0).watch;
    expect(later.state).toBe("still");
    later.breakOff();
    expect([later.state, later.off]).toEqual(["insufficient", null]);
  });

  test("a break in the midst of a doubt ends it, and is counted", () => {
    const { watch } = run(step(0.04), range(0, 105));
    expect(watch.state).toBe("suspect");
    watch.breakOff();
    expect(watch.counters).toEqual({ doubts: 1, dropped: 1 });
  });
});

test("moved stays, whatever comes", () => {
  const { watch } = run(step(0.04));
  watch.breakOff();
  watch.add(300, { eastM: -0.04, northM: 0, upM: 0 }, SIGMA);
  expect(watch.state).toBe("moved");
  expect(watch.off?.eastM).toBeCloseTo(0.04, 2);
});

import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { CorrectionsReader } from "../../store/corrections-reader.ts";
import { CorrectionsUpkeep } from "../../store/corrections-upkeep.ts";
import { PlotShares } from "../../store/plot-shares.ts";
import { at, event, freshHistory, health, NOON, rover, truth } from "./history-fixture.ts";

const ALWAYS = { fromMs: 0, toMs: 9e15 };
const made: { db: { close(): void } }[] = [];
afterEach(() => {
  for (const { db } of made.splice(0)) db.close();
});
function fresh(options: Parameters<typeof freshHistory>[0] = {}) {
  const one = freshHistory(options);
  made.push(one);
  return one;
}

describe("minutes of a base", () => {
  test("hold each second once, the worst of guard and verdict, and what was lost", () => {
    const { history, queries, tell, clock } = fresh();
    for (let s = 0; s < 58; s += 1) tell("bases/misato1/health", health(s, { epochLatencyMs: 100 + s, satellites: { GPS: 9 + (s % 3) } }));
    tell("bases/misato1/health", health(57)); // retained, told again
    tell("bases/misato1/health", health(58, { state: "silent", crcFailures: 3, epochLatencyMs: null, truth: truth({ guard: "stopped", verdict: "bad" }) }));
    tell("bases/misato1/health", health(59, { state: "absent", crcFailures: 4, bytesPerS: 0, truth: truth({ displacementM: 0.04 }) }));
    clock.ms = NOON + 61_000;
    tell("bases/misato1/health", health(60));
    history.flush();
    const [first, second, ...rest] = queries.minutes("misato1", ALWAYS);
    expect(first).toEqual({
      at: "2026-06-01T03:00:00.000Z",
      heardS: 60,
      sendingS: 58,
      silentS: 1,
      absentS: 1,
      guard: "stopped",
      verdict: "bad",
      rovers: 1,
      bytesPerS: Math.round((700 * 59) / 60),
      crcFailures: 4,
      latencyMeanMs: 128,
      latencyMaxMs: 157,
      satellites: { GPS: { least: 9, most: 11 }, QZSS: { least: 4, most: 4 } },
      medianCnrDbHz: 44,
      displacementM: 0.04,
      counted: null,
      sim: false,
    });
    expect(second).toMatchObject({ at: "2026-06-01T03:01:00.000Z", heardS: 1, crcFailures: 0 }); // its counter fell back: another session
    expect(rest).toEqual([]);
    expect(queries.minutes("misato1", { fromMs: NOON + 1, toMs: NOON + 60_000 })).toEqual([]);
    expect(queries.minutes("nobody", ALWAYS)).toEqual([]);
  });

  test("go on in the row that a run before has begun", () => {
    const one = fresh();
    for (let s = 0; s < 20; s += 1) one.tell("bases/misato1/health", health(s));
    one.history.flush();
    const two = fresh({ path: one.path });
    for (let s = 30; s < 40; s += 1) two.tell("bases/misato1/health", health(s));
    two.history.flush();
    two.history.flush();
    expect(two.queries.minutes("misato1", ALWAYS)).toMatchObject([{ heardS: 30, sendingS: 30 }]);
  });

  test("carry what the relay itself counted, whichever came first", () => {
    const { history, queries, tell } = fresh();
    const counted = { baseId: "misato1", at: at(0), epochs: 60, missedEpochs: 1 };
    tell("bases/misato1/minutes", counted);
    history.flush();
    tell("bases/misato1/health", health(1));
    history.flush();
    expect(queries.minutes("misato1", ALWAYS)).toMatchObject([{ heardS: 1, counted }]);
  });

  test("of long ago, or of a future, are not taken for now", () => {
    const { history, queries, tell } = fresh();
    tell("bases/misato1/health", health(-3600));
    tell("bases/misato1/health", health(3600));
    history.flush();
    expect(queries.minutes("misato1", ALWAYS)).toEqual([]);
  });
});

describe("tracks", () => {
  test("have one point per GGA, with how it was served", () => {
    const { history, queries, tell } = fresh();
    tell("rovers/tractor-1", rover(0));
    tell("rovers/tractor-1", { ...rover(1), position: rover(0).position });
    tell("rovers/tractor-1", rover(2, { fix: "float", sim: true, position: { latDeg: -33.5, lonDeg: 150.7, heightM: null, at: at(2) } }));
    tell("rovers/tractor-1", rover(3, { position: null }));
    tell("rovers/tractor-1", rover(4, { state: "disconnected" }));
    history.flush();
    expect(queries.track("tractor-1", ALWAYS, 100)).toEqual([
      {
        at: at(0),
        latDeg: 39.420123456,
        lonDeg: 140.550123456,
        heightM: 61.234,
        fix: "fix",
        satellites: 24,
        hdop: 0.61,
        correctionAgeS: 1.2,
        baselineKm: 2.345,
        baseId: "misato1",
        mount: "FIELD",
        plotId: null,
        relayLatencyMs: 31,
        sendLatencyMs: 210,
        datum: "JGD2011@元期",
        sim: false,
      },
      expect.objectContaining({ at: at(2), latDeg: -33.5, lonDeg: 150.7, heightM: null, fix: "float", plotId: "higashi-1", sim: true }),
    ]);
    expect(queries.track("tractor-1", ALWAYS, 1)).toHaveLength(1);
    expect(queries.track("tractor-2", ALWAYS, 1)).toEqual([]);
  });

  test("the plot that the relay names is the plot", () => {
    const { history, queries, tell } = fresh();
    const service = { ...rover(0).service, plotId: "kita-3" };
    tell("rovers/tractor-1", { ...rover(0), service });
    history.flush();
    expect(queries.track("tractor-1", ALWAYS, 9)).toMatchObject([{ plotId: "kita-3" }]);
  });

  test("a relay of before, that says nothing of its service, is heard too", () => {
    const { history, queries, tell } = fresh();
    const { service: _, ...old } = rover(0);
    tell("rovers/tractor-1", old);
    history.flush();
    expect(queries.track("tractor-1", ALWAYS, 9)).toMatchObject([{ datum: null, relayLatencyMs: null }]);
  });
});

describe("events", () => {
  test("of a base and a rover are told under both and kept once", () => {
    const { history, queries, tell } = fresh();
    const both = event(1, { code: "base-failover", roverId: "tractor-1", severity: "warning" });
    tell("bases/misato1/events", event(0));
    tell("bases/misato1/events", both);
    tell("rovers/tractor-1/events", both);
    history.flush();
    const of = { ...ALWAYS, max: 10 };
    expect(queries.events({ kind: "base", id: "misato1", ...of })).toEqual([both, event(0)]);
    expect(queries.events({ kind: "rover", id: "tractor-1", ...of })).toEqual([both]);
    expect(queries.events({ kind: "base", id: "misato1", fromMs: NOON, toMs: NOON + 1, max: 10 })).toEqual([event(0)]);
    expect(queries.events({ kind: "rover", id: "nobody", ...of })).toEqual([]);
  });
});

describe("what comes over the bus", () => {
  test.each([
    ["rovers/tractor-1", "{"],
    ["rovers/tractor-1", "null"],
    ["rovers/tractor-1", '{"state":"connected","position":{"at":"soon"}}'],
    ["bases/misato1/health", '{"at":"2026-06-01T03:00:00.000Z"}'],
    ["bases/misato1/events", '{"at":"2026-06-01T03:00:00.000Z"}'],
    ["bases/misato1/minutes", "[]"],
  ])("%s with %s is counted, and nothing is kept of it", (topic, text) => {
    const { history, metrics, queries, tell } = fresh();
    tell(topic, text);
    tell("rovers/tractor-1", rover(0));
    history.flush();
    expect(metrics.get("azemichi_history_malformed_total")).toBe(1);
    expect(queries.track("tractor-1", ALWAYS, 9)).toHaveLength(1);
  });

  test("no message whatever keeps others from being written", () => {
    const odd = fc.oneof(fc.constant(null), fc.string(), fc.double(), fc.boolean(), fc.dictionary(fc.constantFrom("GPS", "at", "state"), fc.anything()));
    const messages = [
      { topic: "bases/misato1/health", message: health(1) },
      { topic: "rovers/tractor-2", message: rover(1) },
      { topic: "rovers/tractor-2", message: { ...rover(1), position: { ...rover(1).position } } },
      { topic: "bases/misato1/events", message: event(1) },
    ];
    const { history, queries, tell } = fresh();
    let run = 0;
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(40), fc.option(odd, { nil: undefined }), ({ topic, message }, nth, value) => {
        run += 1;
        const keys = Object.keys(message);
        tell(topic.replace("-2", `-odd-${run}`), { ...message, [keys[nth % keys.length] ?? ""]: value });
        tell(`rovers/good-${run}`, rover(0));
        history.flush();
        expect(queries.track(`good-${run}`, ALWAYS, 9)).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  test("a cleared retained message and other topics are nothing", () => {
    const { history, metrics, tell } = fresh();
    tell("rovers/tractor-1", "");
    tell("gateways/gw", { at: at(0) });
    history.flush();
    expect(metrics.samples()).toEqual([]);
  });

  test("waits within bounds while the store cannot be written; the newest are kept", () => {
    const { history, metrics, queries, tell, clock } = fresh({ limits: { points: 100 } });
    for (let s = 0; s < 250; s += 1) {
      clock.ms = NOON + s * 1000;
      tell("rovers/tractor-1", rover(s));
    }
    history.flush();
    const track = queries.track("tractor-1", ALWAYS, 1000);
    expect(track.length).toBeLessThanOrEqual(100);
    expect(track.at(-1)?.at).toBe(at(249));
    expect(metrics.get("azemichi_history_forgotten_total", { what: "points" })).toBeGreaterThan(0);
  });

  test("what could not be written is written with the next", () => {
    const { db, history, queries, tell } = fresh();
    tell("rovers/tractor-1", rover(0));
    db.exec("ALTER TABLE track RENAME TO away");
    expect(() => history.flush()).toThrow();
    db.exec("ALTER TABLE away RENAME TO track");
    history.flush();
    expect(queries.track("tractor-1", ALWAYS, 9)).toMatchObject([{ baseId: "misato1", mount: "FIELD" }]);
  });
});

describe("what is old", () => {
  const DAY_MS = 86_400_000;
  function filled() {
    const one = fresh();
    for (let day = 0; day < 500; day += 20) {
      one.clock.ms = NOON - day * DAY_MS;
      const s = -day * 86_400;
      one.tell("rovers/tractor-1", rover(s));
      one.tell("rovers/tractor-2", rover(s));
      one.tell("bases/misato1/health", health(s));
      one.tell("bases/misato1/events", event(s));
    }
    one.history.flush();
    one.clock.ms = NOON;
    return one;
  }
  const forget = (upkeep: CorrectionsUpkeep): void => {
    while (upkeep.forgetStep(NOON) !== "done");
  };

  test("goes: tracks and minutes after 90 days, events after 400", () => {
    const { db, queries } = filled();
    forget(new CorrectionsUpkeep(db));
    expect(queries.track("tractor-1", ALWAYS, 99).map((p) => p.at)).toEqual([80, 60, 40, 20, 0].map((d) => at(-d * 86_400)));
    expect(queries.track("tractor-2", ALWAYS, 99)).toHaveLength(5);
    expect(queries.events({ kind: "base", id: "misato1", ...ALWAYS, max: 99 })).toHaveLength(21);
  });

  test("goes earlier when the file is over its size, the oldest day first", () => {
    const { db, queries } = filled();
    forget(new CorrectionsUpkeep(db));
    const upkeep = new CorrectionsUpkeep(db, { trackDays: 90, eventDays: 400, fileBytes: 1 });
    expect(upkeep.forgetStep(NOON)).toBe("full");
    expect(upkeep.forgetStep(NOON)).toBe("full");
    expect(queries.track("tractor-1", ALWAYS, 99)[0]?.at).toBe(at(-60 * 86_400));
    expect(queries.track("tractor-2", ALWAYS, 99)[0]?.at).toBe(at(-60 * 86_400));
    forget(upkeep);
    expect(queries.track("tractor-1", ALWAYS, 99).map((p) => p.at)).toEqual([at(0)]); // of today
  });
});

describe("share of FIX per plot", () => {
  const point = (s: number, fix: "fix" | "float" | "single", plotId: string | null, baseId = "a") => ({
    timeMs: NOON + s * 1000,
    fix,
    plotId,
    baseId,
    datum: null,
    sim: false,
  });

  test("each point speaks until the next, at most 15 s", () => {
    const shares = new PlotShares();
    for (const p of [point(0, "fix", "kita-3"), point(10, "float", "kita-3"), point(20, "fix", "kita-3", "b"), point(120, "single", null)]) shares.add(p);
    expect(shares.result()).toEqual([
      {
        plotId: "kita-3",
        from: at(0),
        to: at(35),
        totalS: 35,
        secondsByFix: { fix: 25, float: 10 },
        fixShare: 0.714,
        bases: [
          { baseId: "a", datum: null, seconds: 20 },
          { baseId: "b", datum: null, seconds: 15 },
        ],
        sim: false,
      },
      expect.objectContaining({ plotId: null, totalS: 1, secondsByFix: { single: 1 }, fixShare: 0 }),
    ]);
  });

  test("the parts make up the whole, whatever the drive", () => {
    const drive = fc.array(fc.record({ s: fc.nat(3600), fix: fc.constantFrom("fix", "float", "single"), plot: fc.constantFrom("p", "q", null) }));
    fc.assert(
      fc.property(drive, (steps) => {
        const shares = new PlotShares();
        const points = [...steps].sort((a, b) => a.s - b.s);
        for (const { s, fix, plot } of points) shares.add(point(s, fix, plot));
        const result = shares.result();
        for (const { secondsByFix, bases, totalS, fixShare } of result) {
          expect(Object.values(secondsByFix).reduce((a, b) => a + b, 0)).toBeCloseTo(totalS, 3);
          expect(bases.reduce((a, b) => a + b.seconds, 0)).toBeCloseTo(totalS, 3);
          expect(fixShare).toBeGreaterThanOrEqual(0);
          expect(fixShare).toBeLessThanOrEqual(1);
        }
        const spanS = points.length === 0 ? 0 : (points.at(-1)?.s ?? 0) - (points[0]?.s ?? 0) + 1;
        expect(result.reduce((a, b) => a + b.totalS, 0)).toBeLessThanOrEqual(spanS + 0.001);
      }),
    );
  });
});

test("a reader in its own thread answers while another writes, and before the file is there", async () => {
  const one = fresh();
  const missing = new CorrectionsReader(`${one.path}.none`);
  const reader = new CorrectionsReader(one.path);
  try {
    expect(await missing.track("tractor-1", ALWAYS, 9)).toEqual([]);
    one.tell("rovers/tractor-1", rover(0));
    one.tell("bases/misato1/health", health(0));
    one.tell("bases/misato1/events", event(0));
    one.history.flush();
    expect(await reader.track("tractor-1", ALWAYS, 9)).toHaveLength(1);
    expect(await reader.minutes("misato1", ALWAYS)).toHaveLength(1);
    expect(await reader.events({ kind: "base", id: "misato1", ...ALWAYS, max: 9 })).toEqual([event(0)]);
    expect(await reader.plotShares("tractor-1", ALWAYS)).toMatchObject([{ plotId: null, fixShare: 1 }]);
  } finally {
    await missing.close();
    await reader.close();
  }
  await expect(reader.minutes("misato1", ALWAYS)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

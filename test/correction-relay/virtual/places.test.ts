import { describe, expect, test } from "vitest";
import { parseGga } from "../../../core/wire/nmea-gga.ts";
import { usablePlace } from "../../../correction-relay/virtual/field.ts";
import { FieldTown, plotOf, townBase, type Xy } from "./field-town.ts";

const WEST = townBase("west", { eastM: -3000, northM: 0 });
const EAST = townBase("east", { eastM: 3000, northM: 0 });
const STOPPED = { code: "arp-off-survey", ja: "位置が測量値と違います", en: "Position is off its survey" };

// Two paddies of 30 m by 100 m with a bund of 1 m between them, and one across a farm road.
const A = plotOf("a", { eastM: 0, northM: 0, widthM: 30, heightM: 100 }, "west");
const B = plotOf("b", { eastM: 31, northM: 0, widthM: 30, heightM: 100 }, "east");
const SAME = plotOf("same", { eastM: 31, northM: 0, widthM: 30, heightM: 100 }, "west");
const IN_A = { eastM: 15, northM: 50 };
const IN_B = { eastM: 46, northM: 50 };
const OUT = { eastM: 15, northM: -200 };
const OF_WEST = { baseId: "west", plotId: null, atMs: Date.UTC(2026, 4, 19, 23, 59, 0) }; // a minute ago

function inA(options: Partial<ConstructorParameters<typeof FieldTown>[0]> = {}): FieldTown {
  const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [A, B], ...options });
  town.run(1);
  town.run(5, IN_A);
  return town;
}

describe("entering and leaving a plot", () => {
  test.each([
    { name: "one GGA inside", path: [{ at: IN_A, s: 1 }], plotId: null },
    { name: "two GGA inside", path: [{ at: IN_A, s: 2 }], plotId: "a" },
    { name: "two GGA with one outside between", path: [IN_A, OUT, IN_A, OUT].map((at) => ({ at, s: 1 })), plotId: null },
    {
      name: "on the headland, 25 m outside, for 60 s",
      path: [
        { at: IN_A, s: 3 },
        { at: { eastM: 15, northM: -25 }, s: 60 },
      ],
      plotId: "a",
    },
    {
      name: "35 m outside for 19 s",
      path: [
        { at: IN_A, s: 3 },
        { at: { eastM: 15, northM: -35 }, s: 19 },
      ],
      plotId: "a",
    },
    {
      name: "35 m outside for 22 s",
      path: [
        { at: IN_A, s: 3 },
        { at: { eastM: 15, northM: -35 }, s: 22 },
      ],
      plotId: null,
    },
    {
      name: "35 m outside for 15 s, back in the margin, and again",
      path: [{ at: IN_A, s: 3 }, ...[-35, -25, -35].map((northM) => ({ at: { eastM: 15, northM }, s: 15 }))],
      plotId: "a",
    },
    {
      name: "the antenna 2 m over the bund",
      path: [
        { at: IN_A, s: 3 },
        { at: { eastM: 32, northM: 50 }, s: 30 },
      ],
      plotId: "a",
    },
    {
      name: "over into the next paddy",
      path: [
        { at: IN_A, s: 3 },
        { at: IN_B, s: 3 },
      ],
      plotId: "b",
    },
  ])("$name: $plotId", ({ path, plotId }) => {
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [A, B] });
    for (const { at, s } of path) {
      town.at = at;
      town.run(s);
    }
    expect(town.chooser.plotId).toBe(plotId);
  });

  test.each([
    { name: "fix 0 without a position", sentence: "$GPGGA,001122.00,,,,,0,00,99.99,,,,,,", usable: false },
    { name: "fix 0 with its last position", sentence: "$GPGGA,001122.00,3925.2000,N,14033.0000,E,0,00,99.9,90.0,M,38.0,M,,", usable: false },
    { name: "0° N 0° E", sentence: "$GPGGA,001122.00,0000.0000,N,00000.0000,E,1,04,9.9,0.0,M,0.0,M,,", usable: false },
    { name: "single", sentence: "$GNGGA,001122.00,3925.2000,N,14033.0000,E,1,08,1.1,90.0,M,38.0,M,,", usable: true },
    { name: "RTK fix", sentence: "$GNGGA,001122.00,3925.2000,N,14033.0000,E,4,18,0.6,90.0,M,38.0,M,1.0,0001", usable: true },
    { name: "a simulator's", sentence: "$GNGGA,001122.00,3925.2000,N,14033.0000,E,8,18,0.6,90.0,M,38.0,M,,", usable: true },
  ])("a GGA of $name: usable $usable", ({ sentence, usable }) => {
    const gga = parseGga(sentence);
    expect(gga === null ? null : usablePlace(gga) !== null).toBe(usable);
  });

  test("no GGA for an hour: still in the plot; a GGA every 30 s leaves with the second one outside", () => {
    const town = inA();
    const at = town.at;
    town.at = null;
    town.run(3600, null);
    expect(town.chooser.plotId).toBe("a");
    town.at = at;
    town.ggaEveryMs = 30_000;
    town.at = OUT;
    town.run(31);
    expect(town.chooser.plotId).toBe("a");
    town.run(30);
    expect(town.chooser.plotId).toBeNull();
  });

  test("where plots overlap, the stay goes on", () => {
    const over = plotOf("over", { eastM: 20, northM: 0, widthM: 60, heightM: 100 }, "east");
    const town = inA({ plots: [A, over] });
    town.run(30, { eastM: 28, northM: 50 });
    expect(town.chooser.plotId).toBe("a");
    town.run(5, { eastM: 50, northM: 50 });
    expect(town.chooser.plotId).toBe("over");
  });
});

describe("home bases", () => {
  test("adjoining plots with the same home base never switch", () => {
    const town = inA({ plots: [A, SAME] });
    const before = town.delivered.length;
    for (let turn = 0; turn < 4; turn += 1) town.drive(turn % 2 === 0 ? IN_B : IN_A, 1);
    expect(new Set(town.delivered.slice(before).map(({ baseId }) => baseId))).toEqual(new Set(["west"]));
  });

  test("another plot with another home base: on entering", () => {
    const town = inA();
    town.drive(IN_B, 1);
    town.run(3);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "east", reason: { code: "home-base" } });
    expect(town.delivered.at(-1)?.baseId).toBe("east");
  });

  test("a turn in the next paddy, and back: the base of before, and when that has failed meanwhile, the end", () => {
    const town = inA();
    town.run(10, IN_B);
    town.run(10, IN_A);
    expect(town.decision).toMatchObject({ baseId: "west" });
    town.run(10, IN_B);
    town.stop("west", STOPPED);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "east" });
    town.run(10, IN_A);
    expect(town.decision.kind).toBe("end");
  });

  test("after the end the position drifts over the bund: nothing comes; truly driven over, it does", () => {
    const town = inA();
    town.stop("west", STOPPED);
    town.fix = "single";
    town.run(60, { eastM: 38, northM: 50 });
    town.run(60);
    expect(town.decision.kind).toBe("end");
    town.run(2, IN_B);
    town.run(15);
    expect(town.decision.kind).toBe("end");
    town.run(10);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "east" });
  });

  test("a plot without a home base: the nearest, and then held while the rover is in it", () => {
    const wide = plotOf("wide", { eastM: -2500, northM: 0, widthM: 5000, heightM: 50 });
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [wide] });
    town.run(5, { eastM: -2400, northM: 25 });
    expect(town.decision).toMatchObject({ baseId: "west" });
    town.run(200, { eastM: 2400, northM: 25 });
    town.run(60);
    expect(town.decision).toMatchObject({ baseId: "west" });
  });

  test("the home base is down on entering: the base in use stays, also when the home base is back", () => {
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [B], configured: "west" });
    town.run(1);
    town.stop("east", STOPPED);
    town.run(10, IN_B);
    expect(town.chooser.plotId).toBe("b");
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west" });
    town.stop("east", null);
    town.run(120);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west" });
  });

  test("the home base is in a gap on entering and fails: the base before, which went on all the time, stays", () => {
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST, townBase("nearer", { eastM: 0, northM: 500 })], plots: [B], last: OF_WEST });
    town.run(3, OUT);
    town.silence("east", true);
    town.run(4);
    town.at = IN_B;
    town.run(3);
    const gaps = town.delivered.length;
    town.run(20);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west" });
    expect(town.sequence).toEqual(["west"]);
    expect(town.delivered.length - gaps).toBeGreaterThanOrEqual(19);
  });

  test("the home base is in a gap on entering and comes back: it takes over then", () => {
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [B], last: OF_WEST });
    town.run(3, OUT);
    town.silence("east", true);
    town.run(4);
    town.at = IN_B;
    town.run(3);
    town.silence("east", false);
    town.run(3);
    expect(town.sequence).toEqual(["west", "east"]);
  });

  test("from plot to plot while their home bases are in a gap: what flowed at first flows on, and stays when they fail", () => {
    const mid = townBase("mid", { eastM: 100, northM: 0 });
    const c = plotOf("c", { eastM: 62, northM: 0, widthM: 30, heightM: 100 }, "mid");
    const town = new FieldTown({
      mode: "FIELD",
      bases: [WEST, EAST, mid, townBase("nearer", { eastM: 0, northM: 500 })],
      plots: [B, c],
      last: OF_WEST,
      failoverAfterS: 20,
    });
    town.run(3, OUT);
    town.silence("east", true);
    town.silence("mid", true);
    town.run(4);
    town.at = IN_B;
    town.run(3);
    town.at = { eastM: 80, northM: 50 };
    town.run(3);
    expect(town.chooser.plotId).toBe("c");
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "mid" });
    town.run(20);
    expect(town.sequence).toEqual(["west"]);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west" });
    expect(town.delivered.length).toBeGreaterThanOrEqual(32);
  });

  test("outside every plot FIELD keeps its base until another is nearer by the margin", () => {
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [] });
    town.run(3, { eastM: -1000, northM: 0 });
    expect(town.decision).toMatchObject({ baseId: "west" });
    town.run(120, { eastM: 900, northM: 0 });
    expect(town.decision).toMatchObject({ baseId: "west" });
    town.run(60, { eastM: 2500, northM: 0 });
    expect(town.decision).toMatchObject({ baseId: "east" });
  });
});

describe("without a usable GGA there are data at once", () => {
  const recent = { baseId: "east", plotId: null, atMs: Date.UTC(2026, 4, 19, 23, 59, 0) };
  const yesterday = { ...recent, atMs: recent.atMs - 86_400_000 };
  test.each([
    { name: "the last base", options: { last: recent, configured: "west" }, baseId: "east" },
    { name: "the last base of yesterday", options: { last: yesterday, configured: "west" }, baseId: "east" },
    { name: "else the configured one", options: { configured: "west" }, baseId: "west" },
    { name: "else the nearest to the site", options: {}, baseId: "middle" },
    { name: "a last base that is gone: the configured one", options: { last: { ...recent, baseId: "gone" }, configured: "west" }, baseId: "west" },
  ])("$name", ({ options, baseId }) => {
    for (const mode of ["NEAR", "FIELD"] as const) {
      const town = new FieldTown({ mode, bases: [WEST, EAST, townBase("middle", { eastM: 500, northM: 0 })], ...options });
      expect(town.decision).toMatchObject({ kind: "serve", baseId });
      town.run(1);
      expect(town.delivered[0]?.baseId).toBe(baseId);
    }
  });

  test("its base fails: on NEAR the next; on FIELD, where nobody knows where it is, the end, and after a minute the next", () => {
    const near = new FieldTown({ mode: "NEAR", bases: [WEST, EAST], configured: "west" });
    near.run(3);
    near.stop("west", STOPPED);
    expect(near.decision).toMatchObject({ kind: "serve", baseId: "east" });
    const field = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [A], configured: "west" });
    field.run(3);
    field.stop("west", STOPPED);
    field.run(58);
    expect(field.decision.kind).toBe("end");
    field.run(4);
    expect(field.decision).toMatchObject({ kind: "serve", baseId: "east" });
  });

  test("the end without a position; then it is seen inside a plot: that is where it was driving", () => {
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [A], configured: "west" });
    town.run(3);
    town.stop("west", STOPPED);
    town.run(3);
    town.at = IN_A;
    town.run(100);
    expect(town.decision.kind).toBe("end");
    town.at = OUT;
    town.run(25);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "east" });
  });

  test("in mid-row over a restart of the relay: the plot and its base are known, and hold", () => {
    const last = { baseId: "west", plotId: "b", atMs: recent.atMs };
    const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [A, B], last });
    town.at = IN_B;
    town.run(60);
    expect(town.sequence).toEqual(["west"]);
    expect(town.chooser.plotId).toBe("b");
    expect(town.chooser.lastService).toMatchObject({ baseId: "west", plotId: "b" });
    town.stop("west", STOPPED);
    expect(town.decision.kind).toBe("end");
  });
});

describe("datum", () => {
  const JGD = { frame: "JGD2011", epoch: "元期" };
  const ITRF = { frame: "ITRF2014", epoch: "今期" };
  const bases = [townBase("west", { eastM: -3000, northM: 0 }, { datum: JGD }), townBase("east", { eastM: 3000, northM: 0 }, { datum: ITRF })];
  const codes = (town: FieldTown): string[] => town.alarms.map(({ code }) => code);

  test("the same as last time, or the first time: no alarm; another: one alarm that names both", () => {
    expect(codes(inA({ bases }))).toEqual([]);
    expect(codes(inA({ bases, datums: { a: "JGD2011@元期" } }))).toEqual([]);
    const town = inA({ bases, datums: { a: "ITRF2014@今期" } });
    town.run(30);
    expect(codes(town)).toEqual(["datum-changed"]);
    expect(town.alarms[0]?.en).toContain("ITRF2014@今期");
    expect(town.alarms[0]?.en).toContain("JGD2011@元期");
  });

  test("driving between plots of different datums, each with its own, raises none", () => {
    const town = inA({ bases });
    for (const at of [IN_B, IN_A, IN_B] satisfies Xy[]) town.run(20, at);
    expect(codes(town)).toEqual([]);
  });

  test("on NEAR too", () => {
    const town = inA({ mode: "NEAR", bases: [bases[0] as (typeof bases)[0]], datums: { a: "ITRF2014@今期" } });
    expect(codes(town)).toEqual(["datum-changed"]);
  });
});

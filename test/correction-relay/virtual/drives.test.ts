import { describe, expect, test } from "vitest";
import type { Sentence } from "../../../core/domain/live.ts";
import { FieldTown, plotOf, townBase } from "./field-town.ts";

const STOPPED: Sentence = { code: "arp-off-survey", ja: "基準局の位置が測量値と違います", en: "Base position is off its survey" };
const WEAK: Sentence = { code: "cnr-low", ja: "受信強度が低下しています", en: "Signal strength is low" };

// 600 m from west to east, 30 m wide, with a base beyond each end.
const FIELD = { eastM: -300, northM: 0, widthM: 600, heightM: 30 };
const WEST = townBase("west", { eastM: -600, northM: 0 });
const EAST = townBase("east", { eastM: 600, northM: 0 });
const EAST_ALIGNED = townBase("east", { eastM: 600, northM: 0 }, { alignedWith: ["west"] });
const LONG = plotOf("long", FIELD, "west");
const IN_FIELD = { eastM: 0, northM: 15 };

function inPlot(options: Partial<ConstructorParameters<typeof FieldTown>[0]> = {}): FieldTown {
  const town = new FieldTown({ mode: "FIELD", bases: [WEST, EAST], plots: [LONG], ...options });
  town.run(1);
  town.run(20, IN_FIELD);
  return town;
}

/** Rows over the whole field, with a turn on the headland 25 m outside that takes 15 s. */
function work(town: FieldTown, rows: number): void {
  for (let row = 0; row < rows; row += 1) {
    const end = row % 2 === 0 ? 1 : -1;
    const northM = 3 + row * 6;
    town.drive({ eastM: 300 * end, northM });
    town.run(5, { eastM: 325 * end, northM });
    town.run(5);
    town.run(5, { eastM: 300 * end, northM: northM + 6 });
  }
}

describe("two bases over a 600 m field, headland turns of 15 s 25 m outside", () => {
  test("FIELD: the home base from entering on, no switch", () => {
    const town = inPlot();
    const before = town.delivered.length;
    work(town, 4);
    expect(new Set(town.delivered.slice(before).map(({ baseId }) => baseId))).toEqual(new Set(["west"]));
    expect(new Set(town.delivered.slice(before).map(({ plotId }) => plotId))).toEqual(new Set(["long"]));
  });

  test("NEAR: one switch at most, and then it stays", () => {
    const town = new FieldTown({ mode: "NEAR", bases: [WEST, EAST], plots: [LONG] });
    town.run(1);
    town.at = { eastM: -320, northM: 3 };
    work(town, 4);
    expect(town.sequence.length).toBeLessThanOrEqual(2);
  });

  test("NEAR: jitter of 5 m in the middle between both changes nothing", () => {
    const town = new FieldTown({ mode: "NEAR", bases: [WEST, EAST] });
    for (let s = 0; s < 120; s += 1) town.run(1, { eastM: s % 2 === 0 ? -5 : 5, northM: 0 });
    expect(town.sequence.length).toBeLessThanOrEqual(2);
  });
});

describe("the base is lost inside the plot", () => {
  test("aligned: the other one's first epoch within 10 s of the last, and no way back while the rover stays", () => {
    const town = inPlot({ bases: [WEST, EAST_ALIGNED] });
    town.silence("west", true);
    const lastAtMs = town.lastDeliveredAtMs;
    town.run(12);
    const first = town.delivered.find(({ baseId, atMs }) => baseId === "east" && atMs > lastAtMs);
    expect((first?.atMs ?? Number.POSITIVE_INFINITY) - lastAtMs).toBeLessThanOrEqual(10_000);
    town.silence("west", false);
    town.run(180);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "east", reason: { code: "base-failover" } });
  });

  test("alignment entered at either of the two counts; under another datum it does not", () => {
    const datum = { frame: "JGD2011", epoch: "元期" };
    const other = { frame: "ITRF2014", epoch: "今期" };
    for (const [west, east, kind] of [
      [{ alignedWith: ["east"] }, {}, "serve"],
      [{}, { alignedWith: ["west"] }, "serve"],
      [{ datum }, { alignedWith: ["west"], datum }, "serve"],
      [{ datum }, { alignedWith: ["west"], datum: other }, "end"],
      [{ datum }, { alignedWith: ["west"] }, "end"],
    ] as const) {
      const town = inPlot({ bases: [townBase("west", { eastM: -600, northM: 0 }, west), townBase("east", { eastM: 600, northM: 0 }, east)] });
      town.stop("west", STOPPED);
      town.run(3);
      expect(town.decision.kind).toBe(kind);
    }
  });

  test("not aligned: corrections end, the card says to stop, and nothing comes until the base is well for a minute", () => {
    const town = inPlot();
    town.silence("west", true);
    const lastAtMs = town.lastDeliveredAtMs;
    town.run(30);
    expect(town.decision).toMatchObject({ kind: "end", notice: { code: "stop-now", ja: expect.stringContaining("止めてください") } });
    expect((town.told.at(-1)?.atMs ?? 0) - lastAtMs).toBeLessThanOrEqual(8200);
    expect(town.lastDeliveredAtMs).toBe(lastAtMs);
    town.silence("west", false);
    town.run(58);
    expect(town.lastDeliveredAtMs).toBe(lastAtMs);
    town.run(5);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west", reason: { code: "base-back" } });
    expect(town.delivered.at(-1)?.baseId).toBe("west");
  });

  test("not aligned, and the rover drives out: 20 s outside the margin, then the next healthy base", () => {
    const town = inPlot();
    town.stop("west", STOPPED);
    town.run(5);
    town.run(2, { eastM: 0, northM: 100 });
    town.run(18);
    expect(town.decision.kind).toBe("end");
    town.run(5);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "east" });
  });

  test.each([
    { name: "guard stop", fail: (town: FieldTown) => town.stop("west", STOPPED) },
    { name: "staff stop", fail: (town: FieldTown) => town.stop("west", { code: "staff-stopped", ja: "停止中", en: "Stopped by staff" }) },
    { name: "taken out of the catalog", fail: (town: FieldTown) => town.remove("west") },
  ])("$name: the old base ends at once", ({ fail }) => {
    for (const bases of [
      [WEST, EAST],
      [WEST, EAST_ALIGNED],
    ]) {
      const town = inPlot({ bases });
      fail(town);
      const atMs = town.nowMs;
      town.run(5);
      expect(town.delivered.filter((one) => one.baseId === "west" && one.atMs > atMs)).toEqual([]);
    }
  });

  test.each([3, 6])("a gap of %i s: nothing happens", (gapS) => {
    for (const mode of ["FIELD", "NEAR"] as const) {
      const town = inPlot({ mode, bases: [WEST, EAST_ALIGNED], last: { baseId: "west", plotId: null, atMs: Date.UTC(2026, 4, 20) } });
      const before = town.delivered.length;
      town.silence("west", true);
      town.run(gapS);
      town.silence("west", false);
      town.run(70);
      expect(new Set(town.delivered.slice(before).map(({ baseId }) => baseId))).toEqual(new Set(["west"]));
      expect(town.told.every(({ decision }) => decision.kind === "serve" || decision.kind === "hold")).toBe(true);
    }
  });

  test.each([5, 20])("silence is failure after the site's setting of %i s, not before", (failoverAfterS) => {
    const town = inPlot({ failoverAfterS });
    town.silence("west", true);
    const lastAtMs = town.lastDeliveredAtMs;
    town.run(failoverAfterS + 5);
    const ended = town.told.find(({ decision }) => decision.kind === "end");
    expect((ended?.atMs ?? 0) - lastAtMs).toBeGreaterThanOrEqual(failoverAfterS * 1000);
    expect((ended?.atMs ?? 0) - lastAtMs).toBeLessThanOrEqual(failoverAfterS * 1000 + 200);
  });

  test("a soft fault: nothing inside the plot; the next plot is begun with a healthy base", () => {
    const next = plotOf("next", { eastM: -300, northM: 200, widthM: 600, heightM: 30 }, "west");
    const town = inPlot({ plots: [LONG, next] });
    town.soft("west", WEAK);
    const before = town.delivered.length;
    town.run(120);
    expect(new Set(town.delivered.slice(before).map(({ baseId }) => baseId))).toEqual(new Set(["west"]));
    town.drive({ eastM: 0, northM: 215 });
    town.run(5);
    expect(town.chooser.plotId).toBe("next");
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "east", reason: { code: "home-base-unavailable" } });
  });

  test.each([
    { name: "not aligned: corrections end", east: EAST, decision: { kind: "end" } },
    { name: "aligned: the other one", east: EAST_ALIGNED, decision: { kind: "serve", baseId: "east" } },
  ])("too few satellites for 5 s, $name", ({ east, decision }) => {
    const town = inPlot({ bases: [WEST, east] });
    town.soft("west", WEAK, true);
    town.run(4);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west" });
    town.run(2);
    expect(town.decision).toMatchObject(decision);
  });
});

describe("NEAR", () => {
  test("the nearest healthy base by GGA; failover to the next; back after a minute only when it is nearer by the margin", () => {
    const bases = [townBase("a", { eastM: 0, northM: 1000 }), townBase("b", { eastM: 0, northM: 6000 }), townBase("c", { eastM: 0, northM: 12_000 })];
    const town = new FieldTown({ mode: "NEAR", bases });
    town.run(3, { eastM: 0, northM: 0 });
    expect(town.decision).toMatchObject({ baseId: "a" });
    town.stop("a", STOPPED);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "b", reason: { code: "base-failover" } });
    town.run(5);
    town.stop("a", null);
    town.run(59);
    expect(town.decision).toMatchObject({ baseId: "b" });
    town.run(40);
    expect(town.decision).toMatchObject({ baseId: "a", reason: { code: "nearer-base" } });
  });

  test("beyond every maximum baseline there is no base, and it says so; one wild position changes nothing", () => {
    const town = new FieldTown({ mode: "NEAR", bases: [WEST, townBase("east", { eastM: 600, northM: 0 }, { maxBaselineKm: 30 })] });
    town.run(5, { eastM: -500, northM: 0 });
    const begun = town.delivered.length - 1;
    town.at = { eastM: 80_000, northM: 0 };
    town.run(2);
    town.at = { eastM: -500, northM: 0 };
    town.run(60);
    expect(new Set(town.delivered.slice(begun).map(({ baseId }) => baseId))).toEqual(new Set(["west"]));
    town.at = { eastM: -25_000, northM: 0 };
    town.run(40);
    expect(town.decision).toMatchObject({ baseId: "east" });
    town.at = { eastM: -80_000, northM: 0 };
    town.run(40);
    expect(town.decision).toMatchObject({ kind: "none", notice: { code: "too-far" } });
    town.at = { eastM: -500, northM: 0 };
    town.run(3);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west" });
  });

  test("nearer by the margin for a moment only is no reason to change", () => {
    const town = new FieldTown({ mode: "NEAR", bases: [townBase("a", { eastM: -5000, northM: 0 }), townBase("b", { eastM: 5000, northM: 0 })] });
    town.run(3, { eastM: -3000, northM: 0 });
    const begun = town.delivered.length;
    town.at = { eastM: 4000, northM: 0 };
    town.run(20);
    town.at = { eastM: -3000, northM: 0 };
    town.run(10);
    town.at = { eastM: 4000, northM: 0 };
    town.run(20);
    expect(new Set(town.delivered.slice(begun).map(({ baseId }) => baseId))).toEqual(new Set(["a"]));
    town.run(15);
    expect(town.decision).toMatchObject({ baseId: "b", reason: { code: "nearer-base" } });
  });

  test("a single base that fails is held, and goes on as soon as it is back", () => {
    const town = new FieldTown({ mode: "NEAR", bases: [WEST] });
    town.run(5, { eastM: 0, northM: 0 });
    town.silence("west", true);
    town.run(15);
    expect(town.decision).toMatchObject({ kind: "hold", baseId: "west" });
    town.silence("west", false);
    town.run(2);
    expect(town.decision).toMatchObject({ kind: "serve", baseId: "west" });
    town.stop("west", STOPPED);
    expect(town.decision).toEqual({ kind: "none", notice: STOPPED });
  });

  test("a pool holds one datum: the nearest base under another one is never used", () => {
    const datum = { frame: "JGD2011", epoch: "元期" };
    const bases = [
      townBase("near", { eastM: 100, northM: 0 }, { datum: { frame: "ITRF2014", epoch: "今期" } }),
      townBase("a", { eastM: 5000, northM: 0 }, { datum }),
      townBase("b", { eastM: 9000, northM: 0 }, { datum }),
    ];
    const town = new FieldTown({ mode: "NEAR", bases });
    town.run(5, { eastM: 0, northM: 0 });
    town.stop("a", STOPPED);
    town.run(5);
    town.stop("b", STOPPED);
    town.run(5);
    expect(town.sequence).toEqual(["a", "b"]);
    expect(town.decision.kind).toBe("none");
  });
});

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latLonToEcef } from "rtcm-parser";
import { afterEach, describe, expect, test } from "vitest";
import type { SiteFile } from "../../core/wire/site-file.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { withHomeBases } from "../../store/home-bases.ts";

const NORTH_M = 1 / 111_195; // degrees of latitude per metre on the mean sphere
const LAT = 39.42;
const LON = 140.55;
const lonDeg = (eastM: number): number => LON + (eastM * NORTH_M) / Math.cos((LAT * Math.PI) / 180);
const latDeg = (northM: number): number => LAT + northM * NORTH_M;

type PlotEntry = NonNullable<SiteFile["plots"]>[number];
type BaseEntry = NonNullable<SiteFile["bases"]>[number];

function plot(id: string, at: { eastM: number; northM: number; widthM?: number; heightM?: number }, more: Partial<PlotEntry> = {}): PlotEntry {
  const { eastM, northM, widthM = 30, heightM = 100 } = at;
  const corner = (x: number, y: number): [number, number] => [lonDeg(eastM + x), latDeg(northM + y)];
  const ring = [corner(0, 0), corner(widthM, 0), corner(widthM, heightM), corner(0, heightM), corner(0, 0)];
  return { id, geometry: { type: "Polygon", coordinates: [ring] }, ...more };
}

function base(id: string, at: { eastM: number; northM?: number }, more: Partial<BaseEntry> = {}): BaseEntry {
  const { xM, yM, zM } = latLonToEcef({ latDeg: latDeg(at.northM ?? 0), lonDeg: lonDeg(at.eastM), heightM: 90 });
  return { id, mount: id.toUpperCase(), stationId: 1, antenna: { x: xM, y: yM, z: zM }, ...more };
}

const site = (plots: PlotEntry[], bases: BaseEntry[]): SiteFile => ({ site: { id: "misato" }, plots, bases });
const homes = (file: SiteFile): Record<string, string | null> => Object.fromEntries((file.plots ?? []).map((p) => [p.id, p.base ?? null]));
const given = (plots: PlotEntry[], bases: BaseEntry[], stored: PlotEntry[] = []): Record<string, string | null> =>
  homes(withHomeBases(site(plots, bases), { plots: stored }));

const WEST = base("west", { eastM: -3000 });
const EAST = base("east", { eastM: 3000 }, { stationId: 2 });

describe("home base of a plot", () => {
  test("plots that lie apart have each the base nearest to it", () => {
    expect(given([plot("a", { eastM: -800, northM: 0 }), plot("b", { eastM: 800, northM: 0 })], [WEST, EAST])).toEqual({ a: "west", b: "east" });
  });

  test.each([
    { name: "over a bund of 1 m", gapM: 1, together: true },
    { name: "over a farm road of 6 m", gapM: 6, together: true },
    { name: "over a river of 60 m", gapM: 60, together: false },
  ])("half way between two bases, neighbours $name: one base for both is $together", ({ gapM, together }) => {
    const { a, b } = given([plot("a", { eastM: -30 - gapM / 2, northM: 0 }), plot("b", { eastM: gapM / 2 + 20, northM: 0, widthM: 100 })], [WEST, EAST]);
    expect(a === b).toBe(together);
  });

  test.each([
    { name: "a virtual station", more: { kind: "network" as const } },
    { name: "simulated", more: { sim: true } },
    { name: "without a station id", more: { stationId: null } },
    { name: "with station id 0", more: { stationId: 0 } },
    { name: "unsurveyed", more: { antenna: null } },
    { name: "with a placeholder for a survey", more: { antenna: { x: 0, y: 0, z: 0 } } },
    { name: "of another datum than most", more: { datum: { frame: "ITRF2014", epoch: "current" } } },
    { name: "that reaches 100 m", more: { maxBaselineKm: 0.1 } },
  ])("a base $name is no home", ({ more }) => {
    const far = [base("far", { eastM: 9000 }), base("farther", { eastM: 9500 })];
    expect(given([plot("a", { eastM: 0, northM: 0 })], [base("near", { eastM: 500 }, more), ...far])).toEqual({ a: "far" });
  });

  test("beyond the maximum baseline, 20 km where none is on file, a plot has no home", () => {
    expect(given([plot("a", { eastM: 0, northM: 0 })], [base("b", { eastM: 20_300 })])).toEqual({ a: null });
    expect(given([plot("a", { eastM: 0, northM: 0 })], [base("b", { eastM: 20_300 }, { maxBaselineKm: 30 })])).toEqual({ a: "b" });
  });

  test("what is stored stays when a nearer base comes; a new plot beside it follows it; one that lies apart does not", () => {
    const plots = [plot("a", { eastM: 0, northM: 0 }), plot("b", { eastM: 31, northM: 0 }), plot("c", { eastM: 300, northM: 0 })];
    const stored = [plot("a", { eastM: 0, northM: 0 }, { base: "west" })];
    expect(given(plots, [WEST, base("new", { eastM: 100 })], stored)).toEqual({ a: "west", b: "west", c: "new" });
  });

  test("an id that staff enter replaces what is stored; null does not", () => {
    const stored = [plot("a", { eastM: 0, northM: 0 }, { base: "west" })];
    expect(given([plot("a", { eastM: 0, northM: 0 }, { base: "east" })], [WEST, EAST], stored)).toEqual({ a: "east" });
    expect(given([plot("a", { eastM: 0, northM: 0 }, { base: null })], [WEST, EAST], stored)).toEqual({ a: "west" });
  });

  test("a plot without a ring has none; without a base nothing is touched", () => {
    const empty: PlotEntry = { id: "a", geometry: { type: "Polygon", coordinates: [] } };
    expect(given([empty], [WEST])).toEqual({ a: null });
    const file = site([plot("a", { eastM: 0, northM: 0 })], []);
    expect(withHomeBases(file, {})).toBe(file);
  });

  test("a plain that hangs together for kilometres is cut: homes follow the bases, and change only between few neighbours", () => {
    const plots: PlotEntry[] = [];
    for (let column = 0; column < 200; column += 1) {
      for (let row = 0; row < 10; row += 1) plots.push(plot(`${column}-${row}`, { eastM: -3200 + column * 32, northM: row * 101 }));
    }
    const found = given(plots, [WEST, EAST]);
    expect(found["0-0"]).toBe("west");
    expect(found["199-9"]).toBe("east");
    const changes = Array.from({ length: 199 }, (_, column) => found[`${column}-5`] !== found[`${column + 1}-5`]).filter(Boolean).length;
    expect(changes).toBe(1);
  });

  test("a block of plots that share bunds is never cut, wherever the grid falls", () => {
    const plots: PlotEntry[] = [];
    for (let block = 0; block < 12; block += 1) {
      for (let k = 0; k < 10; k += 1) plots.push(plot(`${block}-${k}`, { eastM: -2100 + block * 350 + k * 31, northM: 0 }));
    }
    const found = given(plots, [WEST, EAST]);
    for (let block = 0; block < 12; block += 1) expect(new Set(Array.from({ length: 10 }, (_, k) => found[`${block}-${k}`])).size).toBe(1);
    expect(new Set(Object.values(found))).toEqual(new Set(["west", "east"]));
  });

  test("a town of 50,000 plots", () => {
    const plots = Array.from({ length: 50_000 }, (_, i) => plot(`p${i}`, { eastM: (i % 250) * 34, northM: Math.floor(i / 250) * 104 }));
    const bases = [WEST, EAST, base("south", { eastM: 4000, northM: 2000 }), base("north", { eastM: 4000, northM: 18_000 })];
    const found = Object.values(given(plots, bases));
    expect(found).toHaveLength(50_000);
    expect(found).not.toContain(null);
    expect(new Set(found).size).toBeGreaterThan(2);
  });
});

test("50,000 copies of one outline are one neighbourhood", () => {
  const plots = Array.from({ length: 50_000 }, (_, i) => plot(`p${i}`, { eastM: 0, northM: 0 }));
  expect(new Set(Object.values(given(plots, [WEST, EAST]))).size).toBe(1);
});

describe("in the catalog", () => {
  const open: CatalogStore[] = [];
  afterEach(() => {
    for (const store of open.splice(0)) store.close();
  });
  const fresh = (): CatalogStore => {
    const store = new CatalogStore(join(mkdtempSync(join(tmpdir(), "azemichi-homes-")), "catalog.db"), { key: Buffer.alloc(32, 7), profiles: [] });
    open.push(store);
    return store;
  };
  const homesIn = (store: CatalogStore): (string | null)[] => store.catalog().plots.map((p) => p.base);

  test("computed at the first import with a base, shown by an export, kept by another import of the same file", async () => {
    const store = fresh();
    const file = site([plot("a", { eastM: -800, northM: 0 }), plot("b", { eastM: 800, northM: 0 })], [WEST, EAST]);
    expect(await store.importSite(file)).toMatchObject({ ok: true });
    expect(homesIn(store)).toEqual(["west", "east"]);
    expect(homes(store.exportSite())).toEqual({ a: "west", b: "east" });
    const before = store.catalog();
    await store.importSite(file);
    await store.importSite(store.exportSite());
    expect(store.catalog()).toEqual(before);
  });

  test("plots first, bases later: a home comes with the first base, and no later base moves it", async () => {
    const store = fresh();
    await store.importSite({ site: { id: "misato" }, plots: [plot("a", { eastM: -800, northM: 0 })] });
    expect(homesIn(store)).toEqual([null]);
    await store.importSite({ bases: [EAST] });
    expect(homesIn(store)).toEqual(["east"]);
    await store.importSite({ bases: [WEST] });
    expect(homesIn(store)).toEqual(["east"]);
    await store.importSite({ plots: [plot("a", { eastM: -800, northM: 0 }, { base: "west" })] });
    expect(homesIn(store)).toEqual(["west"]);
  });
});

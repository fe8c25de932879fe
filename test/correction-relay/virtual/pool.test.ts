import { describe, expect, test } from "vitest";
import { PlotIndex } from "../../../core/domain/plot-index.ts";
import { isPoolBase, poolDatum } from "../../../core/domain/pool-base.ts";
import type { Base } from "../../../core/domain/site.ts";
import { spoken } from "../../../correction-relay/relay-words.ts";
import { CHOICE_WORDS } from "../../../correction-relay/virtual/choice-words.ts";
import { DatumMemory, DatumWatch } from "../../../correction-relay/virtual/datums.ts";
import { BasePool, type BaseSigns } from "../../../correction-relay/virtual/pool.ts";
import { placeOf, plotOf, townBase } from "./field-town.ts";

const BASE = townBase("a", { eastM: 0, northM: 0 });
const T0 = 1_000_000;
const signs = (more: Partial<BaseSigns> = {}): BaseSigns => ({
  base: BASE,
  stop: null,
  passing: true,
  lastDataAtMs: T0,
  softFault: null,
  tooFewSatellitesForMs: 0,
  ...more,
});
const pool = (): BasePool => new BasePool({ failoverAfterMs: () => 8000, startedAtMs: T0 });
const STOP = { code: "staff-stopped", ja: "停止中", en: "Stopped" };

describe("which bases may serve NEAR and FIELD", () => {
  test.each([
    { name: "physical, surveyed, with a station id", more: {}, may: true },
    { name: "a network", more: { kind: "network" as const }, may: false },
    { name: "unsurveyed", more: { antenna: null }, may: false },
    { name: "without a station id", more: { stationId: null }, may: false },
    { name: "station id 0, which rovers take for any", more: { stationId: 0 }, may: false },
    { name: "simulated", more: { sim: true }, may: false },
  ])("$name: $may", ({ more, may }) => {
    const base = { ...BASE, ...more };
    expect(isPoolBase(base)).toBe(may);
    expect(
      pool()
        .look([signs({ base })], T0)
        .byId.has("a"),
    ).toBe(may);
  });

  test("the site's datum is that of most pool bases, not of most bases; on a tie the first", () => {
    const of = (frame: string | null, more: Partial<Base> = {}): Base => ({ ...BASE, datum: frame === null ? null : { frame, epoch: "e" }, ...more });
    expect(poolDatum([of("A"), of("B"), of("B")])).toBe("B@e");
    expect(poolDatum([of("A"), of("B", { sim: true }), of("B", { antenna: null })])).toBe("A@e");
    expect(poolDatum([of("B"), of("A")])).toBe("B@e");
    expect(poolDatum([of(null), of(null), of("A")])).toBeNull();
  });
});

describe("health of a base", () => {
  test.each([
    { name: "data a moment ago", at: 900, more: {}, state: "healthy", inPool: true },
    { name: "silent for 4 s", at: 4000, more: {}, state: "silent", inPool: true },
    { name: "silent for 8 s", at: 8000, more: {}, state: "failed", inPool: true },
    { name: "never heard, 4 s after the start", at: 4000, more: { lastDataAtMs: null }, state: "silent", inPool: true },
    { name: "stopped", at: 100, more: { stop: STOP }, state: "failed", inPool: false },
    { name: "waiting for its position", at: 100, more: { passing: false }, state: "healthy", inPool: false },
    { name: "weak signals", at: 100, more: { softFault: STOP }, state: "soft-fault", inPool: true },
    { name: "too few satellites for 4 s", at: 100, more: { tooFewSatellitesForMs: 4000 }, state: "soft-fault", inPool: true },
    { name: "too few satellites for 5 s", at: 100, more: { tooFewSatellitesForMs: 5000 }, state: "failed", inPool: true },
  ])("$name: $state", ({ at, more, state, inPool }) => {
    const view = pool()
      .look([signs(more)], T0 + at)
      .byId.get("a");
    expect(view).toMatchObject({ inPool, health: { state } });
    expect(view?.health.reason === null).toBe(state === "healthy" || state === "silent");
  });

  test("it says when to look again", () => {
    const p = pool();
    p.look([signs()], T0 + 1000);
    expect(p.dueAtMs).toBeNull();
    p.look([signs(), signs({ base: townBase("b", { eastM: 9, northM: 9 }), lastDataAtMs: T0 + 500 })], T0 + 4000);
    expect(p.dueAtMs).toBe(T0 + 8000);
    p.look([signs({ lastDataAtMs: T0 + 4900, tooFewSatellitesForMs: 4200 })], T0 + 5000);
    expect(p.dueAtMs).toBe(T0 + 5800);
  });

  test("eligible again after 60 s healthy without a break; another gap starts them anew", () => {
    const p = pool();
    const at = (s: number, more: Partial<BaseSigns> = {}) =>
      p.look([signs({ lastDataAtMs: T0 + s * 1000 - 100, ...more })], T0 + s * 1000).byId.get("a")?.health;
    expect(at(0)).toMatchObject({ recovering: false, healthyForMs: Number.POSITIVE_INFINITY });
    expect(at(1, { stop: STOP })).toMatchObject({ recovering: true, failure: "hard" });
    expect(at(2)).toMatchObject({ state: "healthy", recovering: true });
    expect(at(61)).toMatchObject({ recovering: true, healthyForMs: 59_000 });
    expect(at(61.5, { lastDataAtMs: T0 + 57_000 })).toMatchObject({ state: "silent", recovering: true });
    expect(at(62)).toMatchObject({ recovering: true, healthyForMs: 0 });
    expect(at(121)).toMatchObject({ recovering: true });
    expect(at(122)).toMatchObject({ recovering: false });
  });

  test("a base that comes late after the relay's start has not failed", () => {
    const p = pool();
    expect(p.look([signs({ lastDataAtMs: null })], T0 + 30_000).byId.get("a")?.health.state).toBe("failed");
    expect(p.look([signs({ lastDataAtMs: T0 + 30_900 })], T0 + 31_000).byId.get("a")?.health).toMatchObject({ state: "healthy", recovering: false });
  });
});

describe("datum last time", () => {
  test("remembers what was served per plot, and forgets the plot of longest ago", () => {
    const memory = new DatumMemory({ a: "JGD2011@元期" });
    expect(memory.served({ id: "a", name: "北の3番" }, "JGD2011@元期")).toBeNull();
    expect(memory.served({ id: "a", name: "北の3番" }, null)).toMatchObject({ code: "datum-changed" });
    expect(memory.toRecord()).toEqual({ a: "unknown" });
    for (let i = 0; i < 500; i += 1) memory.served({ id: `p${i}`, name: "" }, "X@y");
    expect(memory.last("a")).toBeNull();
    expect(memory.forgotten).toBe(1);
  });

  test("on a real mount: once per plot and datum", () => {
    const index = new PlotIndex([plotOf("a", { eastM: 0, northM: 0, widthM: 100, heightM: 100 })]);
    const watch = new DatumWatch(() => index, new DatumMemory({ a: "A@1" }));
    expect(watch.served("B@2")).toBeNull();
    for (const s of [1, 2]) watch.heard({ position: { ...placeOf({ eastM: 50, northM: 50 }), heightM: null }, fix: "fix" }, T0 + s * 1000);
    expect(watch.served("B@2")).toMatchObject({ code: "datum-changed" });
    expect(watch.served("B@2")).toBeNull();
    expect(watch.served("A@1")).toMatchObject({ code: "datum-changed" });
  });
});

test("what ends corrections fits a 1029 in both languages: 127 characters, 255 bytes", () => {
  for (const words of [CHOICE_WORDS.stopNow, CHOICE_WORDS.tooFar, CHOICE_WORDS.noBase, CHOICE_WORDS.gone]) {
    expect([...spoken(words)].length).toBeLessThanOrEqual(127);
    expect(Buffer.byteLength(spoken(words))).toBeLessThanOrEqual(255);
  }
});

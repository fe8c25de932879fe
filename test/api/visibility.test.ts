import { describe, expect, test } from "vitest";
import type { Access, Viewer } from "../../api/visibility.ts";
import { allows, plotOf, visibilityOf } from "../../api/visibility.ts";
import { siteZone } from "../../core/domain/site-zone.ts";
import { NOON } from "./api-fixture.ts";
import { catalog } from "./town.ts";

const town = catalog();
const zone = siteZone(town.site.timeZone);
const viewerOf = (name: string): Viewer => {
  if (name === "nobody") return { kind: "none" };
  if (name === "visitor of the demo") return { kind: "demo" };
  const user = town.users.find((u) => u.username === name);
  if (!user) throw new Error(name);
  return { kind: "user", user };
};
const see = (name: string) => visibilityOf(viewerOf(name), town, zone);
const deviceOf = (id: string) => town.devices.find((d) => d.id === id) as (typeof town.devices)[number];

const ALL_PLOTS = ["kita-3", "minami-1", "higashi-1", "nishi-1"];
const ALL_DEVICES = ["kita-level", "minami-level", "higashi-level", "nishi-level", "roaming"];
const ALL_ROVERS = ["sato-tractor", "suzuki-tractor", "contractor"];

describe("what each sees now", () => {
  test.each([
    { who: "nobody", plots: [], devices: [], rovers: [], network: false },
    { who: "visitor of the demo", plots: ALL_PLOTS, devices: ALL_DEVICES, rovers: ALL_ROVERS, network: true },
    { who: "staff", plots: ALL_PLOTS, devices: ALL_DEVICES, rovers: ALL_ROVERS, network: true },
    { who: "trainer", plots: ALL_PLOTS, devices: ALL_DEVICES, rovers: ALL_ROVERS, network: true },
    { who: "admin", plots: ALL_PLOTS, devices: ALL_DEVICES, rovers: ALL_ROVERS, network: true },
    { who: "sato", plots: ["minami-1"], devices: ["minami-level", "roaming"], rovers: ["sato-tractor"], network: true },
    { who: "suzuki", plots: ["kita-3"], devices: ["kita-level"], rovers: ["suzuki-tractor"], network: true },
    { who: "takahashi", plots: ["higashi-1"], devices: ["higashi-level"], rovers: [], network: true },
    { who: "adviser", plots: [], devices: [], rovers: [], network: true },
  ])("$who", ({ who, plots, devices, rovers, network }) => {
    const v = see(who);
    expect(town.plots.map((p) => p.id).filter((id) => v.seesPlot(id, NOON))).toEqual(plots);
    expect(town.devices.filter((d) => v.seesDevice(d, NOON)).map((d) => d.id)).toEqual(devices);
    expect(town.rovers.filter((r) => v.seesRover(r)).map((r) => r.id)).toEqual(rovers);
    expect(v.seesNetwork).toBe(network);
  });
});

describe("a reading belongs to who held the land at its event time", () => {
  test.each([
    { who: "sato", plotId: "kita-3", time: "2026-03-31T23:59:59.999+09:00", seen: true }, // the last moment of the holding
    { who: "sato", plotId: "kita-3", time: "2026-04-01T00:00:00+09:00", seen: false },
    { who: "suzuki", plotId: "kita-3", time: "2026-03-31T23:59:59.999+09:00", seen: false }, // no former seasons for the new holder
    { who: "suzuki", plotId: "kita-3", time: "2026-04-01T00:00:00+09:00", seen: true },
    { who: "sato", plotId: "kita-3", time: "2024-03-31T23:00:00+09:00", seen: false },
    { who: "sato", plotId: null, time: "2026-06-01T00:00:00Z", seen: false },
    { who: "takahashi", plotId: "higashi-1", time: "1999-01-01T00:00:00Z", seen: true },
    { who: "takahashi", plotId: "minami-1", time: "2026-06-01T00:00:00Z", seen: false },
    { who: "staff", plotId: null, time: "2026-06-01T00:00:00Z", seen: true },
    { who: "nobody", plotId: "minami-1", time: "2026-06-01T00:00:00Z", seen: false },
  ])("$who, $plotId at $time: $seen", ({ who, plotId, time, seen }) => {
    expect(see(who).seesReading({ plotId, timeMs: Date.parse(time) })).toBe(seen);
  });
});

describe("when a device's readings may be seen", () => {
  const at = (text: string) => Date.parse(`${text}T00:00:00+09:00`);
  test.each([
    {
      who: "sato",
      device: "roaming",
      windows: [
        { fromMs: at("2025-05-01"), toMs: at("2025-10-01") },
        { fromMs: at("2026-05-01"), toMs: Infinity },
      ],
    },
    { who: "suzuki", device: "roaming", windows: [] },
    { who: "sato", device: "kita-level", windows: [{ fromMs: at("2024-04-01"), toMs: at("2026-04-01") }] },
    { who: "suzuki", device: "kita-level", windows: [{ fromMs: at("2026-04-01"), toMs: Infinity }] },
    { who: "takahashi", device: "nishi-level", windows: [] },
    { who: "staff", device: "nishi-level", windows: [{ fromMs: -Infinity, toMs: Infinity }] },
  ])("$who, $device", ({ who, device, windows }) => {
    expect(see(who).deviceWindows(deviceOf(device))).toEqual(windows);
  });

  test("holdings that touch are one window", () => {
    const twice = { ...town, holdings: [...town.holdings, { party: "suzuki-farm", plot: "kita-3", from: "2026-01-01", to: "2026-04-01" }] };
    expect(visibilityOf(viewerOf("suzuki"), twice, zone).deviceWindows(deviceOf("kita-level"))).toEqual([{ fromMs: at("2026-01-01"), toMs: Infinity }]);
  });

  test("a bound that cannot be read opens nothing", () => {
    const broken = { ...town, holdings: [{ party: "suzuki-farm", plot: "kita-3", from: "31 Feb", to: null }] };
    const v = visibilityOf(viewerOf("suzuki"), broken, zone);
    expect(v.seesPlot("kita-3", NOON)).toBe(false);
    expect(v.deviceWindows(deviceOf("kita-level"))).toEqual([]);
  });
});

test("a device stands where its placement says at that time", () => {
  expect(plotOf(deviceOf("roaming"), Date.parse("2025-06-01T00:00:00Z"))).toBe("kita-3");
  expect(plotOf(deviceOf("roaming"), Date.parse("2026-01-01T00:00:00Z"))).toBeNull();
  expect(plotOf(deviceOf("roaming"), NOON)).toBe("minami-1");
});

describe("who may ask for what", () => {
  const table: Record<string, readonly Access[]> = {
    nobody: ["public"],
    "visitor of the demo": ["public", "reader", "operator"],
    sato: ["public", "reader"],
    adviser: ["public", "reader"],
    trainer: ["public", "reader", "operator"],
    staff: ["public", "reader", "operator", "siteReader"],
    admin: ["public", "reader", "operator", "siteReader", "admin"],
  };
  test.each(Object.entries(table))("%s", (who, allowed) => {
    const all: readonly Access[] = ["public", "reader", "operator", "siteReader", "admin"];
    expect(all.filter((access) => allows(access, viewerOf(who)))).toEqual(allowed);
  });
});

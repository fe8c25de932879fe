import { expect, test } from "vitest";
import { SiteFileSchema } from "../../../core/wire/site-file.ts";
import { DEMO_BASES, DEMO_ROVERS, demoSite, newDemoSecrets } from "../../../firmware-sim/demo/demo-site.ts";
import { tractorIn } from "../../../firmware-sim/demo/tractor.ts";
import { frameOf } from "../../../firmware-sim/lpwa/frame-of.ts";
import { conditionsAt } from "../../../firmware-sim/lpwa/water.ts";
import { demoFleet } from "../../../firmware-sim/scenarios/demo.ts";
import { decodeFrame } from "../../../ingest/decoders/registry.ts";

let n = 0;
const SECRETS = newDemoSecrets(() => `secret-${n++}-of-the-test`);
const SITE = demoSite(SECRETS);

test("is a valid site file that survives JSON", () => {
  expect(SiteFileSchema.parse(JSON.parse(JSON.stringify(SITE)))).toEqual(JSON.parse(JSON.stringify(SITE)));
});

test("each secret is its own", () => expect(new Set(Object.values(SECRETS)).size).toBe(5));

test("ids and EUIs are unique, and what is named exists", () => {
  const ids = (list: readonly { id: string }[] | undefined): string[] => (list ?? []).map((x) => x.id);
  for (const list of [SITE.plots, SITE.devices, SITE.bases, SITE.rovers, SITE.users]) expect(new Set(ids(list)).size).toBe(list?.length);
  expect(new Set(SITE.devices?.map((d) => d.devEui)).size).toBe(SITE.devices?.length);
  for (const device of SITE.devices ?? []) expect(ids(SITE.plots)).toContain(device.placements?.[0]?.plot);
  for (const plot of SITE.plots ?? []) expect(ids(SITE.bases)).toContain(plot.base);
  for (const holding of SITE.holdings ?? []) expect(ids(SITE.parties)).toContain(holding.party);
});

test("no device bears a maker's EUI: all are locally administered", () => {
  for (const device of SITE.devices ?? []) expect(Number.parseInt((device.devEui ?? "").slice(0, 2), 16) & 0b10).toBe(0b10);
});

test("can never be taken for the field: every base is simulated and named DEMO_*", () => {
  for (const base of SITE.bases ?? []) {
    expect(base.sim).toBe(true);
    expect(base.mount).toMatch(/^DEMO_/);
  }
  expect(DEMO_BASES.map((b) => b.protocol).sort()).toEqual(["v1", "v2"]);
});

test("paddies are of 30 a, counter-clockwise, within a kilometre of the origin, and do not touch", () => {
  for (const plot of SITE.plots ?? []) {
    const ring = plot.geometry.coordinates[0] ?? [];
    const area = areaM2(ring);
    expect(area).toBeGreaterThan(2600);
    expect(area).toBeLessThan(3010);
    for (const [lon, lat] of ring) {
      expect(Math.abs(lat - 39.42)).toBeLessThan(0.01);
      expect(Math.abs(lon - 140.55)).toBeLessThan(0.01);
    }
  }
});

test("what the sensors send is decoded by the ingest to what is true in the paddy", () => {
  const atMs = Date.UTC(2026, 10, 23, 3);
  for (const sensor of demoFleet()) {
    const truth = conditionsAt({ seed: 3, behaviour: sensor.behaviour, atMs, liveSinceMs: null });
    const { fPort, bytes } = frameOf(sensor, truth);
    const channels = SITE.devices?.find((d) => d.id === sensor.id)?.channels ?? {};
    const result = decodeFrame(sensor.profile, { fPort, bytes, channels });
    expect(result.kind).toBe("decoded");
    if (result.kind !== "decoded") continue;
    for (const { quantity, value } of result.values) {
      const zeroMm = sensor.zeroMm ?? 0;
      if (quantity === "water.distance") expect((zeroMm - (value ?? 0)) / 10).toBeCloseTo(truth.levelCm, 0);
      if (quantity === "water.level") expect(Math.abs((value ?? 0) - zeroMm / 10 - truth.levelCm)).toBeLessThan(0.6); // the SWL knows whole centimetres
      if (quantity === "water.temperature") expect(value).toBeCloseTo(truth.waterCel, 1);
      if (quantity === "soil.moisture") expect(value).toBeCloseTo(truth.soilMoisturePct, 1);
      if (quantity === "soil.ec") expect(value).toBeCloseTo(truth.soilEcDsPerM, 2);
      if (quantity === "air.temperature") expect(value).toBeCloseTo(truth.airCel, 1);
    }
  }
});

test("the tractors stay on their paddies", () => {
  for (const rover of DEMO_ROVERS) {
    const placeAt = tractorIn(rover.plot);
    const ring = SITE.plots?.find((p) => p.id === rover.plot)?.geometry.coordinates[0] ?? [];
    for (let s = 0; s < 2400; s += 7) {
      const { lonDeg, latDeg } = placeAt(Date.UTC(2026, 10, 23) + s * 1000);
      expect(inside(ring, [lonDeg, latDeg])).toBe(true);
    }
  }
  expect(() => tractorIn("nowhere")).toThrow(RangeError);
});

type Ring = readonly (readonly [number, number])[];

/** Shoelace in local metres; positive = counter-clockwise. */
function areaM2(ring: Ring): number {
  const m = ring.map(([lon, lat]) => [lon * 111_320 * Math.cos((39.42 * Math.PI) / 180), lat * 111_000] as const);
  return m.slice(1).reduce((sum, [x, y], i) => sum + ((m[i]?.[0] ?? 0) * y - x * (m[i]?.[1] ?? 0)) / 2, 0);
}

function inside(ring: Ring, [x, y]: readonly [number, number]): boolean {
  let odd = false;
  for (let i = 1; i < ring.length; i += 1) {
    const [x1, y1] = ring[i - 1] as readonly [number, number];
    const [x2, y2] = ring[i] as readonly [number, number];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}

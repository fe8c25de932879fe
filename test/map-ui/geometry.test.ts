import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Polygon } from "../../core/domain/site.ts";
import { centroidOf, courseDeg, isPlace, type LatLon, Spread, townBox, usableRings, widthDegOf, withNear } from "../../map-ui/map/geometry.ts";

const polygon = (ring: unknown): Polygon => ({ type: "Polygon", coordinates: [ring] }) as unknown as Polygon;
const SQUARE = [
  [140, 39],
  [140.001, 39],
  [140.001, 39.001],
  [140, 39.001],
] as const;

describe("rings", () => {
  test("lon, lat of GeoJSON become lat, lon", () => {
    expect(usableRings(polygon(SQUARE))?.[0]?.[1]).toEqual([39, 140.001]);
  });
  test.each([
    { name: "latitude out of range", ring: [[140, 390], ...SQUARE] },
    { name: "not a number", ring: [[140, Number.NaN], ...SQUARE] },
    { name: "null", ring: [[null, 39], ...SQUARE] },
    { name: "a string", ring: [["140", 39], ...SQUARE] },
    { name: "two points", ring: SQUARE.slice(0, 2) },
    { name: "nothing", ring: [] },
  ])("$name is no ring", ({ ring }) => expect(usableRings(polygon(ring))).toBeNull());
});

test("the town is where most of it is: one far point does not zoom it away", () => {
  const points: LatLon[] = [
    [39.42, 140.55],
    [39.43, 140.56],
    [39.41, 140.54],
    [0, 0],
  ];
  expect(townBox(points)).toEqual([
    [39.41, 140.54],
    [39.43, 140.56],
  ]);
  expect(townBox([])).toBeNull();
});

test("the centroid of a rectangle is its middle, wherever the ring starts and whether it is closed", () => {
  const place = fc.record({
    lat: fc.double({ min: -80, max: 80, noNaN: true }),
    lon: fc.double({ min: -179, max: 179, noNaN: true }),
    turn: fc.nat(3),
    closed: fc.boolean(),
  });
  fc.assert(
    fc.property(place, ({ lat, lon, turn, closed }) => {
      const open: LatLon[] = [
        [lat, lon],
        [lat, lon + 0.002],
        [lat + 0.001, lon + 0.002],
        [lat + 0.001, lon],
      ];
      const ring = [...open.slice(turn), ...open.slice(0, turn)];
      const [cLat, cLon] = centroidOf(closed ? [...ring, ring[0] ?? [0, 0]] : ring);
      expect(cLat).toBeCloseTo(lat + 0.0005, 6);
      expect(cLon).toBeCloseTo(lon + 0.001, 6);
    }),
  );
});

test("a plot that stands askew is narrower than its box", () => {
  const square: LatLon[] = [
    [39, 140],
    [39, 140.001],
    [39.001, 140.001],
    [39.001, 140],
  ];
  const diamond: LatLon[] = [
    [39, 140.001],
    [39.001, 140.002],
    [39.002, 140.001],
    [39.001, 140],
  ];
  expect(widthDegOf(square)).toBeCloseTo(0.001, 9);
  expect(widthDegOf(diamond)).toBeCloseTo(0.001, 9); // its box is 0.002 wide
  expect(widthDegOf([[39, 140]])).toBe(0);
});

test("what stands close by is shown too, what is far is not", () => {
  const box = [
    [39, 140],
    [39.01, 140.01],
  ] as const;
  expect(
    withNear(box, [
      [39.005, 139.995],
      [39.005, 139.9],
    ]),
  ).toEqual([
    [39, 139.995],
    [39.01, 140.01],
  ]);
});

test("a ring without area has a middle too", () => {
  const [lat, lon] = centroidOf([
    [39, 140],
    [39, 140],
    [39, 140],
  ]);
  expect([lat, lon]).toEqual([39, 140]);
});

test("course is clockwise from north; standing still has none", () => {
  expect(courseDeg([39, 140], [39.001, 140])).toBeCloseTo(0);
  expect(courseDeg([39, 140], [39, 140.001])).toBeCloseTo(90);
  expect(courseDeg([39, 140], [39, 139.999])).toBeCloseTo(270);
  expect(courseDeg([39, 140], [39, 140])).toBeNull();
  expect(isPlace(91, 0)).toBe(false);
});

test("places given out on the screen never lie nearer than the gap, and one that is refused has a taken one near", () => {
  const place = fc.record({ x: fc.double({ min: -500, max: 500, noNaN: true }), y: fc.double({ min: -500, max: 500, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(place, { maxLength: 100 }), (places) => {
      const spread = new Spread(32);
      const taken: { x: number; y: number }[] = [];
      for (const p of places) {
        const near = taken.some((t) => Math.hypot(t.x - p.x, t.y - p.y) < 32);
        expect(spread.take(p)).toBe(!near);
        if (!near) taken.push(p);
      }
    }),
  );
});

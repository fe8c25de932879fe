import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { borderDistanceM, boundsOf, contains, distanceM, middleOfMost, outsideM, within } from "../../../core/domain/plot-geometry.ts";
import { PlotIndex } from "../../../core/domain/plot-index.ts";
import type { Polygon } from "../../../core/domain/site.ts";

const polygon = (...rings: (readonly (readonly [number, number])[])[]): Polygon => ({ type: "Polygon", coordinates: rings });
const box = (west: number, south: number, size: number): readonly (readonly [number, number])[] => [
  [west, south],
  [west + size, south],
  [west + size, south + size],
  [west, south + size],
  [west, south],
];
const at = (lonDeg: number, latDeg: number): { latDeg: number; lonDeg: number } => ({ latDeg, lonDeg });

/** A paddy that stands askew, with a shed's yard cut out of it. */
const PADDY = polygon(
  [
    [140.55, 39.42],
    [140.5504, 39.4202],
    [140.5501, 39.421],
    [140.5497, 39.4208],
    [140.55, 39.42],
  ],
  [
    [140.55, 39.4204],
    [140.5501, 39.4204],
    [140.5501, 39.4206],
    [140.55, 39.4206],
    [140.55, 39.4204],
  ],
);

describe("a plot's outline", () => {
  test.each([
    { name: "in the middle", place: at(140.5502, 39.4205), inside: true },
    { name: "in the hole", place: at(140.55005, 39.4205), inside: false },
    { name: "in the box around it, outside", place: at(140.5497, 39.4201), inside: false },
    { name: "far away", place: at(141, 40), inside: false },
    { name: "on the other side of the earth", place: at(-39.45, -39.42), inside: false },
  ])("$name: $inside", ({ place, inside }) => {
    expect(contains(PADDY, place)).toBe(inside);
    expect(outsideM(PADDY, place) === 0).toBe(inside);
  });

  test("without rings, or with an empty one, nothing is inside and nothing near", () => {
    for (const empty of [polygon(), polygon([])]) {
      expect(contains(empty, at(140.55, 39.42))).toBe(false);
      expect(borderDistanceM(empty, at(140.55, 39.42))).toBe(Number.POSITIVE_INFINITY);
      expect(boundsOf(empty)).toBeNull();
    }
  });

  // Vincenty's inverse on GRS 80 (checked on Flinders Peak to Buninyong, 54 972.271 m): 1″ of latitude at 39.42° is 30.84 m, of longitude 23.92 m.
  test.each([
    { name: "1″ south of an edge", place: at(140.55, 39.42 - 1 / 3600), m: 30.84 },
    { name: "1″ west of an edge", place: at(140.549 - 1 / 3600, 39.4205), m: 23.92 },
    { name: "off a corner, by Pythagoras", place: at(140.549 - 1 / 3600, 39.42 - 1 / 3600), m: Math.hypot(30.84, 23.92) },
    { name: "inside, 1″ from an edge", place: at(140.55, 39.42 + 1 / 3600), m: 30.84 },
  ])("distance to the border $name", ({ place, m }) => {
    const square = polygon(box(140.549, 39.42, 0.002));
    expect(Math.abs(borderDistanceM(square, place) - m)).toBeLessThan(0.005 * m);
  });

  test.each([
    { name: "Tokyo to Akita", a: at(139.767, 35.681), b: at(140.1025, 39.7186), vincentyM: 449_111 },
    { name: "Flinders Peak to Buninyong", a: at(144.42486789, -37.95103342), b: at(143.92649552, -37.65282114), vincentyM: 54_972.271 },
  ])("$name: the sphere is good to 0.5 %", ({ a, b, vincentyM }) => {
    expect(Math.abs(distanceM(a, b) - vincentyM)).toBeLessThan(0.005 * vincentyM);
  });

  test("two plots near each other: by limit, in either order, also when one lies in the other", () => {
    const shape = (west: number, south: number, size: number): { geometry: Polygon; bounds: NonNullable<ReturnType<typeof boundsOf>> } => {
      const geometry = polygon(box(west, south, size));
      return { geometry, bounds: boundsOf(geometry) as NonNullable<ReturnType<typeof boundsOf>> };
    };
    const a = shape(140.55, 39.42, 0.001);
    const b = shape(140.5511, 39.42, 0.001); // 0.0001° of longitude: 8.6 m
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(within(one, other, 8)).toBe(false);
      expect(within(one, other, 9)).toBe(true);
    }
    const around = shape(140.54, 39.41, 0.1);
    expect(within(a, around, 1)).toBe(true);
    expect(within(around, a, 1)).toBe(true);
  });

  test("the middle of most is not drawn away by one slip of the pen", () => {
    expect(middleOfMost([at(140.5, 39.4), at(140.6, 39.5), at(140.55, 39.42), at(0, 0), at(140.7, 39.6)])).toEqual(at(140.55, 39.42));
    expect(middleOfMost([])).toBeNull();
  });
});

describe("index of plots", () => {
  const around = fc.tuple(fc.double({ min: 140.5, max: 140.52, noNaN: true }), fc.double({ min: 39.4, max: 39.42, noNaN: true }));
  const shapes = fc.array(fc.tuple(around, fc.double({ min: 0.00005, max: 0.2, noNaN: true })), { maxLength: 40 });

  test("finds at a place and in a box what looking at each plot finds", () => {
    fc.assert(
      fc.property(shapes, around, (drawn, [lonDeg, latDeg]) => {
        const plots = drawn.map(([[west, south], size], i) => ({ id: `p${i}`, geometry: polygon(box(west, south, size)) }));
        const index = new PlotIndex(plots);
        const place = at(lonDeg, latDeg);
        const found = index.at(place).map(({ id }) => id);
        expect(found.sort()).toEqual(
          plots
            .filter(({ geometry }) => contains(geometry, place))
            .map(({ id }) => id)
            .sort(),
        );
        const bounds = { south: latDeg, north: latDeg + 0.003, west: lonDeg, east: lonDeg + 0.003 };
        const touching = plots.flatMap(({ geometry }, i) => {
          const own = boundsOf(geometry);
          return own && own.south <= bounds.north && own.north >= bounds.south && own.west <= bounds.east && own.east >= bounds.west ? [i] : [];
        });
        expect([...index.touching(bounds)].sort((a, b) => a - b)).toEqual(touching);
      }),
    );
  });

  test("a plot as large as the world, and one without a ring, do no harm", () => {
    const index = new PlotIndex([
      {
        id: "world",
        geometry: polygon([
          [-180, -90],
          [180, -90],
          [180, 90],
          [-180, 90],
          [-180, -90],
        ]),
      },
      { id: "nothing", geometry: polygon() },
      { id: "paddy", geometry: PADDY },
    ]);
    expect(index.at(at(140.5502, 39.4205)).map(({ id }) => id)).toEqual(["paddy", "world"]);
    expect(index.at(at(0, 0)).map(({ id }) => id)).toEqual(["world"]);
    expect(index.touching({ south: -90, west: -180, north: 90, east: 180 })).toEqual(new Set([0, 2]));
    expect(index.get("nothing")?.id).toBe("nothing");
    expect(index.get("unknown")).toBeUndefined();
  });
});

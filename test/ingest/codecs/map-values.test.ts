import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CodecMapping } from "../../../core/domain/codec.ts";
import { findNormalized, findValues, readTime } from "../../../ingest/codecs/found-values.ts";
import { ValueMapper } from "../../../ingest/codecs/map-values.ts";
import { type PathStep, parsePath } from "../../../ingest/codecs/mapping-path.ts";
import type { ScriptResult } from "../../../ingest/codecs/script-result.ts";

const result = (data: unknown, normalized: unknown = null): ScriptResult => ({ data, normalized, warnings: [], errors: [], nonFinite: [] });
const row = (path: string, more: Partial<CodecMapping> = {}): CodecMapping => ({
  path,
  quantity: "water.temperature",
  scale: 1,
  offset: 0,
  depthCm: null,
  ...more,
});
const map = (mapping: readonly CodecMapping[], data: unknown, normalized?: unknown) => new ValueMapper(mapping).map(result(data, normalized));
const valuesOf = (path: string, data: unknown, normalized?: unknown) => map([row(path)], data, normalized).values.map(({ value, timeMs }) => [value, timeMs]);

describe("paths", () => {
  const key = (name: string): PathStep => ({ kind: "key", key: name });
  test.each<{ path: string; steps: readonly PathStep[] }>([
    { path: "temperature", steps: [key("temperature")] },
    { path: "a.b[0].c", steps: [key("a"), key("b"), { kind: "index", index: 0 }, key("c")] },
    { path: "history[].t", steps: [key("history"), { kind: "each" }, key("t")] },
    { path: "history[*].t", steps: [key("history"), { kind: "each" }, key("t")] },
    { path: "[2]", steps: [{ kind: "index", index: 2 }] },
    { path: 'a["b c"].d', steps: [key("a"), key("b c"), key("d")] },
    { path: "a['x.y']", steps: [key("a"), key("x.y")] },
    { path: "BatV", steps: [key("BatV")] },
    { path: "水温.値", steps: [key("水温"), key("値")] },
    { path: "a b.c-d", steps: [key("a b"), key("c-d")] },
  ])("$path", ({ path, steps }) => expect(parsePath(path)).toEqual(steps));

  test.each(["", " ", ".", "a.", ".a", "a..b", "a[", "a[b]", "a[-1]", "a]", 'a["b]', "a[0]b"])("no path: %j", (path) => expect(parsePath(path)).toBeNull());

  test("any text is a path or none", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab.[]\"'0*\\ ") }), (text) => {
        const path = parsePath(text);
        expect(path === null || (path.length > 0 && path.length <= 32)).toBe(true);
      }),
    );
  });

  test("a key written in brackets is found, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((name) => !name.includes('"')),
        (name) => {
          const path = parsePath(`["${name}"]`) as readonly PathStep[];
          expect(findValues(JSON.parse(JSON.stringify({ [name]: 7 })), path).map((found) => found.value)).toEqual([7]);
        },
      ),
    );
  });

  test("nothing of a prototype is a measurement", () => {
    for (const path of ["constructor.name", "__proto__.x", "toString", "list.length"])
      expect(findValues({ list: [] }, parsePath(path) as readonly PathStep[])).toEqual([]);
  });
});

describe("values", () => {
  test.each([
    { what: "a number", path: "t", data: { t: 21.5 }, values: [[21.5, null]] },
    { what: "nested", path: "a.b[1].c", data: { a: { b: [{ c: 1 }, { c: 2 }] } }, values: [[2, null]] },
    { what: "{value, unit}", path: "t", data: { t: { value: 4.5, unit: "°C" } }, values: [[4.5, null]] },
    { what: "{value, unit}, asked for by name", path: "t.value", data: { t: { value: 4.5, unit: "°C" } }, values: [[4.5, null]] },
    { what: "a numeric string", path: "t", data: { t: "12.50" }, values: [[12.5, null]] },
    { what: "a numeric string with spaces", path: "t", data: { t: " -3e1 " }, values: [[-30, null]] },
    { what: "a numeric string in {value}", path: "t", data: { t: { value: "7" } }, values: [[7, null]] },
    { what: "the whole answer in mind", path: "data.t", data: { t: 3 }, values: [[3, null]] },
    { what: "a field that is called data", path: "data.t", data: { data: { t: 4 }, t: 3 }, values: [[4, null]] },
    { what: "zero", path: "t", data: { t: 0 }, values: [[0, null]] },
    { what: "minus zero", path: "t", data: { t: -0 }, values: [[0, null]] },
    { what: "null", path: "t", data: { t: null }, values: [] },
    { what: "absent", path: "t", data: {}, values: [] },
    { what: "an empty string", path: "t", data: { t: " " }, values: [] },
    { what: "through null", path: "t.value", data: { t: null }, values: [] },
  ])("$what", ({ path, data, values }) => {
    expect(valuesOf(path, data)).toEqual(values);
    expect(map([row(path)], data).warnings).toEqual([]);
  });

  test.each([
    { what: "text", value: "abc" },
    { what: "hexadecimal", value: "0x10" },
    { what: "a number with its unit", value: "12 °C" },
    { what: "a boolean", value: true },
    { what: "an object", value: { a: 1 } },
    { what: "the word", value: "NaN" },
  ])("no number, but $what: no reading, and it is said", ({ value }) => {
    const { values, warnings, error } = map([row("t")], { t: value });
    expect([values, error]).toEqual([[], null]);
    expect(warnings).toEqual([expect.stringMatching(/^t: .* is no number$/)]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d in a mapped value: nothing of the frame is believed", (value) => {
    expect(map([row("a"), row("b", { quantity: "air.temperature" })], { a: 1, b: value })).toEqual({ values: [], warnings: [], error: `b is ${value}` });
    expect(valuesOf("a", { a: 1, b: value })).toEqual([[1, null]]);
  });

  test("value = found × scale + offset, to 14 digits", () => {
    const mapping = [
      row("a", { scale: 100 }),
      row("b", { quantity: "air.temperature", scale: 0.1, offset: -273.15 }),
      row("c", { quantity: "soil.ec", scale: 1e308 }),
    ];
    expect(map(mapping.slice(0, 2), { a: 0.07, b: 2931.5 }).values.map(({ value }) => value)).toEqual([7, 20]);
    expect(map(mapping, { c: 1e10 }).error).toBe("c is Infinity");
  });

  test("depth and quantity are the mapping's; the first row that finds a value gives it", () => {
    const mapping = [
      row("new", { quantity: "soil.moisture", depthCm: 10 }),
      row("old", { quantity: "soil.moisture", depthCm: 10 }),
      row("old", { quantity: "soil.moisture" }),
    ];
    expect(map(mapping, { old: 5 }).values.map(({ value, depthCm }) => [value, depthCm])).toEqual([
      [5, 10],
      [5, null],
    ]);
    expect(map(mapping, { new: 6, old: 5 }).values.map(({ value, depthCm }) => [value, depthCm])).toEqual([
      [6, 10],
      [5, null],
    ]);
  });

  test.each<{ quantities: CodecMapping["quantity"][]; kind: "distance" | null }>([
    { quantities: ["water.distance"], kind: "distance" },
    { quantities: ["water.level"], kind: null },
    { quantities: ["water.distance", "water.level"], kind: null },
    { quantities: ["soil.ec"], kind: null },
  ])("$quantities: level from $kind", ({ quantities, kind }) => {
    expect(new ValueMapper(quantities.map((quantity) => row("a", { quantity }))).levelKind).toBe(kind);
  });
});

const T = Date.UTC(2026, 5, 1);
const iso = new Date(T).toISOString();

describe("measurements with times of their own", () => {
  const history = [
    { time: iso, temperature: 20 },
    { time: T / 1000 + 600, temperature: 21 },
    { time: T + 1_200_000, temperature: { value: "22", unit: "°C" } },
  ];
  const expected = [
    [20, T],
    [21, T + 600_000],
    [22, T + 1_200_000],
  ];
  test.each(["history[].temperature", "history.temperature", "history[*].temperature"])("%s", (path) => {
    expect(valuesOf(path, { history })).toEqual(expected);
    expect(valuesOf(path, { temperature: 1 }, { history })).toEqual(expected);
  });

  test("one of them by its number", () => expect(valuesOf("history[1].temperature", { history })).toEqual([[21, T + 600_000]]));
  test("{value, time}", () =>
    expect(
      valuesOf("levels", {
        levels: [
          { value: 1, time: iso },
          { value: 2, timestamp: T / 1000 + 60 },
        ],
      }),
    ).toEqual([
      [1, T],
      [2, T + 60_000],
    ]));
  test("one {value, time}", () => expect(valuesOf("level", { level: { value: 1, time: iso } })).toEqual([[1, T]]));
  test("the time of the whole frame's data is the script's own affair", () => expect(valuesOf("t", { time: iso, t: 1 })).toEqual([[1, null]]));

  test("normalizeUplink: one measurement or many, where the decoder's data has no such path", () => {
    const path = "air.temperature";
    expect(valuesOf(path, { t: 1 }, { air: { temperature: 20 } })).toEqual([[20, null]]);
    expect(valuesOf(path, { t: 1 }, { time: iso, air: { temperature: 20 } })).toEqual([[20, T]]);
    expect(valuesOf(path, { t: 1 }, [{ air: { temperature: 20 } }, { time: iso, air: { temperature: 19 } }])).toEqual([
      [20, null],
      [19, T],
    ]);
    expect(valuesOf(path, { air: { temperature: 5 } }, { air: { temperature: 20 } })).toEqual([[5, null]]);
    expect(findNormalized({ time: iso }, [{ kind: "key", key: "air" }])).toEqual([]);
  });

  test("without times there is one value, and it is said", () => {
    const { values, warnings } = map([row("list[].t")], { list: [{ t: 1 }, { t: 2 }] });
    expect(values.map(({ value }) => value)).toEqual([1]);
    expect(warnings).toEqual([expect.stringMatching(/2 values without a time/)]);
  });

  test("with a time that cannot be read there is none, and it is said", () => {
    const { values, warnings } = map([row("list[].t")], {
      list: [
        { t: 1, time: "12:30" },
        { t: 2, time: iso },
      ],
    });
    expect(values.map(({ value, timeMs }) => [value, timeMs])).toEqual([[2, T]]);
    expect(warnings).toEqual([expect.stringMatching(/time of a value cannot be read/)]);
  });

  test.each<[unknown, number | null]>([
    [iso, T],
    ["2026-06-01T09:00:00+09:00", T],
    ["2026-06-01 00:00:00", T],
    ["2026-06-01T00:00:00.5", T + 500],
    [T, T],
    [T / 1000, T],
    [String(T / 1000), T],
    ["yesterday", null],
    ["2026-06-31T00:00:00Z", null],
    [0, null],
    [12345, null],
    [{}, null],
    [Number.NaN, null],
  ])("time %j", (said, timeMs) => expect(readTime(said)).toBe(timeMs));
});

test("any data and any mapping: values are finite, or there is a reason", () => {
  const paths = ["a", "a.b", "a[].b", "b[0]", "a.value", "b"].map((path) => row(path));
  fc.assert(
    fc.property(
      fc.object({ key: fc.constantFrom("a", "b", "value", "time"), maxDepth: 4, values: [fc.double(), fc.string(), fc.constant(null), fc.integer()] }),
      (data) => {
        const { values, error } = map(paths, data);
        if (error === null)
          for (const { value, timeMs } of values) expect([Number.isFinite(value), timeMs === null || Number.isInteger(timeMs)]).toEqual([true, true]);
        else expect(values).toEqual([]);
      },
    ),
  );
});

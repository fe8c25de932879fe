import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Reading } from "../../core/domain/reading.ts";
import type { ReadingQuery, ReadingWriter, TelemetryReader } from "../../store/telemetry.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";

export interface TelemetryStore {
  readonly reader: TelemetryReader;
  readonly writer: ReadingWriter;
  close(): Promise<void>;
}
/** `open` gives an empty store, or an empty part of one; readers page by few rows, so that pages are cut in the tests. */
export interface TelemetryStores {
  prepare?(): Promise<void>;
  open(options: { readonly pageRows: number }): Promise<TelemetryStore>;
  end?(): Promise<void>;
}

const MINUTE = 60_000;
const STRANGE_IDS = ["a b", "a,b", "a=b", 'a"b', "a'b", "圃場-1", "a\\", "a\\,b", "x\ny", "50%", "%41", " a ", "🌾"];

/** What every store keeps of a reading. */
function core(r: Reading) {
  const { deviceId, plotId, quantity, depthCm, value, unit, timeMs } = r;
  return { deviceId, plotId, quantity, depthCm, value, unit, timeMs, flag: r.quality.flag };
}
const byKey = (a: Reading, b: Reading) =>
  a.timeMs - b.timeMs || a.deviceId.localeCompare(b.deviceId) || a.quantity.localeCompare(b.quantity) || (a.depthCm ?? -1) - (b.depthCm ?? -1);
const cores = (readings: readonly Reading[]) => [...readings].sort(byKey).map(core);

async function collect(rows: AsyncIterable<Reading>): Promise<Reading[]> {
  const all: Reading[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** The one contract of the store: every adapter passes it. */
export function describeTelemetryContract(stores: TelemetryStores): void {
  let store: TelemetryStore;
  beforeAll(() => stores.prepare?.());
  beforeEach(async () => {
    store = await stores.open({ pageRows: 7 });
    return () => store.close();
  });
  afterAll(() => stores.end?.());

  describe("latest", () => latestContract(() => store));
  describe("series", () => seriesContract(() => store));
  describe("rows", () => rowsContract(() => store));

  test("an empty store answers with nothing", async () => {
    expect(await store.reader.latest({})).toEqual([]);
    expect(await store.reader.series({ deviceId: "x", quantity: "rain.depth", max: 10 })).toEqual({ unit: "mm", buckets: [] });
    expect(await collect(store.reader.rows({}))).toEqual([]);
  });

  test("the same reading twice is one reading, a later value replaces it, and a value taken back is missing", async () => {
    await store.writer.write([makeReading({ value: 4 }), makeReading({ value: 4 })]);
    await store.writer.write([makeReading({ value: 4 })]);
    expect(cores(await collect(store.reader.rows({})))).toEqual([core(makeReading({ value: 4 }))]);
    await store.writer.write([makeReading({ value: -0.25, flag: 3 })]);
    expect(cores(await collect(store.reader.rows({})))).toEqual([core(makeReading({ value: -0.25, flag: 3 }))]);
    await store.writer.write([makeReading({ value: null, flag: 9 })]);
    expect(cores(await store.reader.latest({}))).toEqual([core(makeReading({ value: null, flag: 9 }))]);
    expect((await store.reader.series({ deviceId: "kita-3-level", quantity: "water.level", max: 10 })).buckets).toEqual([]);
  });

  test("values and times come back as they went, to the last bit and millisecond", async () => {
    const values = [0.1, 1 / 3, -1e-7, 1e21, 5e-324, 1.7976931348623157e308, 20, -40.5];
    const written = values.map((value, i) => makeReading({ value, timeMs: T0_MS + i * 1001 + 1 }));
    await store.writer.write(written);
    expect(cores(await collect(store.reader.rows({})))).toEqual(cores(written));
  });

  test.each(STRANGE_IDS)("an id like %j is a value, never syntax", async (id) => {
    const odd = makeReading({ deviceId: id, plotId: id });
    await store.writer.write([odd, makeReading({ deviceId: "other", plotId: "other" })]);
    expect(cores(await store.reader.latest({ deviceIds: [id] }))).toEqual([core(odd)]);
    expect(cores(await store.reader.latest({ plotId: id }))).toEqual([core(odd)]);
    expect(cores(await collect(store.reader.rows({ deviceIds: [id], plotId: id })))).toEqual([core(odd)]);
    expect((await store.reader.series({ deviceId: id, quantity: "water.level", max: 5 })).buckets).toHaveLength(1);
  });

  test("a question with quotes in it finds nothing and breaks nothing", async () => {
    await store.writer.write([makeReading()]);
    expect(await store.reader.latest({ deviceIds: [`x' OR 'a'='a`, `x" OR "a"="a`] })).toEqual([]);
    expect(await collect(store.reader.rows({ plotId: `'; DROP SERIES FROM "water"; --` }))).toEqual([]);
    expect(await store.reader.latest({})).toHaveLength(1);
  });
}

function latestContract(store: () => TelemetryStore): void {
  test("is the greatest event time per device, quantity and depth, whatever its flag and its arrival", async () => {
    const newest = [
      makeReading({ timeMs: T0_MS + 3 * MINUTE, value: 99, flag: 4 }),
      makeReading({ timeMs: T0_MS + MINUTE, quantity: "water.temperature", value: 18.25 }),
      makeReading({ deviceId: "soil-1", plotId: null, quantity: "soil.moisture", depthCm: 10, value: 31 }),
      makeReading({ deviceId: "soil-1", plotId: null, quantity: "soil.moisture", depthCm: 22.5, value: 35, flag: 2 }),
      makeReading({ deviceId: "soil-1", plotId: null, quantity: "soil.moisture", depthCm: 0, value: null, flag: 9 }),
      makeReading({ deviceId: "mast", plotId: null, quantity: "air.solarRadiation", value: 512 }),
      makeReading({ deviceId: "mast", plotId: null, quantity: "device.batteryVoltage", value: 3.61 }),
    ];
    await store().writer.write([...newest, makeReading({ timeMs: T0_MS + 2 * MINUTE }), makeReading({ timeMs: T0_MS })]);
    expect(cores(await store().reader.latest({}))).toEqual(cores(newest));
    expect(cores(await store().reader.latest({ deviceIds: ["soil-1", "nobody"] }))).toEqual(cores(newest.filter((r) => r.deviceId === "soil-1")));
    expect(await store().reader.latest({ deviceIds: [] })).toEqual([]);
  });

  test("of a device that moved is its last one, and of each plot the last one there", async () => {
    const before = makeReading({ plotId: "kita-3", value: 1 });
    const after = makeReading({ plotId: "kita-4", value: 2, timeMs: T0_MS + MINUTE });
    await store().writer.write([before, after, makeReading({ plotId: "kita-3", value: 0, timeMs: T0_MS - MINUTE })]);
    expect(cores(await store().reader.latest({}))).toEqual([core(after)]);
    expect(cores(await store().reader.latest({ plotId: "kita-3" }))).toEqual([core(before)]);
    expect(cores(await store().reader.latest({ plotId: "kita-4", deviceIds: ["kita-3-level"] }))).toEqual([core(after)]);
  });
}

function seriesContract(store: () => TelemetryStore): void {
  const query = { deviceId: "kita-3-level", quantity: "water.level", max: 100 } as const;

  test("few points come as they are, with a mark where reports are missing", async () => {
    const minutes = [0, 10, 20, 60, 70];
    await store().writer.write(minutes.map((m) => makeReading({ timeMs: T0_MS + m * MINUTE, value: m })));
    expect(await store().reader.series(query)).toEqual({
      unit: "cm",
      buckets: [
        [T0_MS, 1, 0, 0, 0],
        [T0_MS + 10 * MINUTE, 1, 10, 10, 10],
        [T0_MS + 20 * MINUTE, 1, 20, 20, 20],
        [T0_MS + 30 * MINUTE, 0, null, null, null],
        [T0_MS + 60 * MINUTE, 1, 60, 60, 60],
        [T0_MS + 70 * MINUTE, 1, 70, 70, 70],
      ],
    });
  });

  test("many points come in equal buckets on round boundaries, empty ones included", async () => {
    const minutes = [...Array.from({ length: 60 }, (_, m) => m), 121];
    await store().writer.write(minutes.map((m) => makeReading({ timeMs: T0_MS + m * MINUTE + 500, value: m })));
    const { buckets } = await store().reader.series({ ...query, max: 5 });
    expect(buckets).toEqual([
      [T0_MS, 30, 0, 14.5, 29],
      [T0_MS + 30 * MINUTE, 30, 30, 44.5, 59],
      [T0_MS + 60 * MINUTE, 0, null, null, null],
      [T0_MS + 90 * MINUTE, 0, null, null, null],
      [T0_MS + 120 * MINUTE, 1, 121, 121, 121],
    ]);
  });

  test("flags 4 and 9 are left out; 1, 2 and 3 are in", async () => {
    await store().writer.write(([1, 2, 3, 4] as const).map((flag, i) => makeReading({ flag, value: i, timeMs: T0_MS + i })));
    await store().writer.write([makeReading({ flag: 9, value: null, timeMs: T0_MS + 9 })]);
    expect((await store().reader.series(query)).buckets.map(([t]) => t - T0_MS)).toEqual([0, 1, 2]);
  });

  test("from is in, to is out; another device, quantity, plot and depth do not mix in", async () => {
    const at = (m: number) => T0_MS + m * MINUTE;
    await store().writer.write([
      ...[0, 1, 2, 3].map((m) => makeReading({ timeMs: at(m), value: m, plotId: m < 2 ? "kita-3" : "kita-4" })),
      makeReading({ timeMs: at(1), deviceId: "other" }),
      makeReading({ timeMs: at(1), quantity: "water.temperature" }),
      ...[10, 20].map((depthCm) => makeReading({ timeMs: at(depthCm), quantity: "soil.ec", depthCm, value: depthCm })),
    ]);
    const times = async (q: Parameters<TelemetryReader["series"]>[0]) => (await store().reader.series(q)).buckets.map(([t]) => (t - T0_MS) / MINUTE);
    expect(await times({ ...query, fromMs: at(1), toMs: at(3) })).toEqual([1, 2]);
    expect(await times({ ...query, fromMs: at(1) })).toEqual([1, 2, 3]);
    expect(await times({ ...query, fromMs: 0, toMs: at(1) })).toEqual([0]);
    expect(await times({ ...query, fromMs: at(50) })).toEqual([]);
    expect(await times({ ...query, fromMs: 0, toMs: 0 })).toEqual([]);
    expect(await times({ ...query, fromMs: at(3), toMs: at(1) })).toEqual([]);
    expect(await times({ ...query, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY })).toEqual([0, 1, 2, 3]);
    expect(await times({ ...query, quantity: "soil.ec", depthCm: 20 })).toEqual([20]);
    expect(await times({ ...query, quantity: "soil.ec", depthCm: null })).toEqual([]);
    expect(await times({ ...query, quantity: "soil.ec" })).toEqual([10, 20]);
    expect(await times({ ...query, depthCm: null })).toEqual([0, 1, 2, 3]);
  });
}

function rowsContract(store: () => TelemetryStore): void {
  test("come once each, in order of time, over pages, gaps of years and many at one instant", async () => {
    const readings: Reading[] = [];
    for (let i = 0; i < 40; i += 1) readings.push(makeReading({ deviceId: `d${i}`, timeMs: T0_MS, value: i })); // more than a page at one instant
    for (let i = 1; i < 60; i += 1) readings.push(makeReading({ deviceId: `d${i % 3}`, timeMs: T0_MS + i * 137, value: i, quantity: "air.pressure" }));
    for (const year of [2015, 2019, 2024]) readings.push(makeReading({ timeMs: Date.UTC(year, 0, 1) }));
    await store().writer.write(readings);
    const found = await collect(store().reader.rows({}));
    expect(cores(found)).toEqual(cores(readings));
    expect(found.map((r) => r.timeMs)).toEqual(readings.map((r) => r.timeMs).sort((a, b) => a - b));
  });

  test("are those of the filter: device, plot, quantity, from in, to out", async () => {
    const at = (m: number) => T0_MS + m * MINUTE;
    await store().writer.write([
      ...[0, 1, 2, 3].map((m) => makeReading({ timeMs: at(m), plotId: m < 2 ? "kita-3" : "kita-4" })),
      makeReading({ timeMs: at(1), deviceId: "other", plotId: null, quantity: "wind.speed" }),
    ]);
    const minutesOf = async (q: ReadingQuery) => (await collect(store().reader.rows(q))).map((r) => `${r.deviceId} ${(r.timeMs - T0_MS) / MINUTE}`);
    expect(await minutesOf({ deviceIds: ["kita-3-level"], fromMs: at(1), toMs: at(3) })).toEqual(["kita-3-level 1", "kita-3-level 2"]);
    expect(await minutesOf({ plotId: "kita-4" })).toEqual(["kita-3-level 2", "kita-3-level 3"]);
    expect(await minutesOf({ quantity: "wind.speed" })).toEqual(["other 1"]);
    expect(await minutesOf({ deviceIds: ["other"], quantity: "water.level" })).toEqual([]);
    expect(await minutesOf({ deviceIds: [] })).toEqual([]);
    expect(await minutesOf({ toMs: at(0) })).toEqual([]);
    expect(await minutesOf({ fromMs: 0, toMs: 0 })).toEqual([]);
  });

  test("a reader that stops early leaves nothing behind", async () => {
    await store().writer.write(Array.from({ length: 30 }, (_, i) => makeReading({ timeMs: T0_MS + i })));
    for await (const row of store().reader.rows({})) if (row.timeMs >= T0_MS + 2) break;
    expect(await store().reader.latest({})).toHaveLength(1);
  });
}

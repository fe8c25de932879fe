import { describe, expect, test } from "vitest";
import type { DeviceJson, SnapshotJson } from "../../core/domain/api.ts";
import type { QualityFlag, ReadingJson } from "../../core/domain/reading.ts";
import { en } from "../../map-ui/i18n/en.ts";
import { ja } from "../../map-ui/i18n/ja.ts";
import { EMPTY_FIELD, fromSnapshot } from "../../map-ui/state/field.ts";
import { groupsOf, paddiesOf, paddySentence } from "../../map-ui/state/paddies.ts";
import { freshness, readingsOfPlot } from "../../map-ui/state/plot-readings.ts";
import { fixtureSnapshot, reading } from "./support/fixture-field.ts";

const NOW = Date.parse("2026-06-12T00:00:00Z");
const BAND = { minCm: 2, maxCm: 6 };
const H = 3_600_000;
const DEVICE: DeviceJson = {
  id: "d",
  name: "水位計",
  devEui: null,
  profile: "dragino-ldds75",
  intervalS: 600,
  plotId: "plot-1",
  lastReadingAt: null,
  state: null,
};

function fieldWith(devices: readonly DeviceJson[], readings: readonly ReadingJson[]) {
  const full = fixtureSnapshot(NOW);
  const snapshot: SnapshotJson = { ...full, plots: { ...full.plots, features: full.plots.features.slice(0, 1) }, devices, readings };
  return fromSnapshot(snapshot, EMPTY_FIELD);
}
const level = (value: number, agoMs: number, flag: QualityFlag = 1) => reading("d", "plot-1", "water.level", value, NOW - agoMs, flag);

describe("the sentence and mark of one paddy", () => {
  // 600 s interval: fresh for 3 x 600 + 60 s = 31 min
  test.each([
    { name: "in the band", devices: [DEVICE], readings: [level(3, 60_000)], mark: "ok", says: "水はちょうどよい深さです。" },
    { name: "on the edge", devices: [DEVICE], readings: [level(2, 60_000)], mark: "ok", says: "水はちょうどよい深さです。" },
    { name: "below", devices: [DEVICE], readings: [level(1.9, 60_000)], mark: "low", says: "水が少なくなっています。" },
    { name: "above", devices: [DEVICE], readings: [level(6.1, 60_000)], mark: "high", says: "水が多くなっています。" },
    { name: "still fresh", devices: [DEVICE], readings: [level(3, 31 * 60_000)], mark: "ok", says: "水はちょうどよい深さです。" },
    { name: "old", devices: [DEVICE], readings: [level(3, 31 * 60_000 + 1)], mark: "unknown", says: "データが31分届いていません。水位はわかりません。" },
    { name: "old and low", devices: [DEVICE], readings: [level(1, 6 * H)], mark: "unknown", says: "データが6時間届いていません。水位はわかりません。" },
    { name: "bad value", devices: [DEVICE], readings: [level(3, 60_000, 4)], mark: "unknown", says: "センサーの値が正しくありません。水位はわかりません。" },
    { name: "nothing yet", devices: [DEVICE], readings: [], mark: "unknown", says: "まだデータが届いていません。水位はわかりません。" },
    {
      name: "no zero",
      devices: [DEVICE],
      readings: [reading("d", "plot-1", "water.distance", 700, NOW)],
      mark: "unknown",
      says: "センサーの高さが登録されていません。水位はわかりません。",
    },
    { name: "no sensor", devices: [], readings: [], mark: "unknown", says: "水位センサーがありません。" },
    {
      name: "measured elsewhere",
      devices: [DEVICE],
      readings: [reading("d", "plot-9", "water.level", 3, NOW)],
      mark: "unknown",
      says: "まだデータが届いていません。水位はわかりません。",
    },
  ])("$name", ({ devices, readings, mark, says }) => {
    const [paddy] = paddiesOf(fieldWith(devices, readings), BAND, NOW);
    expect(paddy?.mark).toBe(mark);
    expect(paddy && paddySentence(paddy, NOW, ja)).toBe(says);
    expect(paddy && paddySentence(paddy, NOW, en)).not.toBe("");
  });

  test("turns to unknown by the passing of time alone", () => {
    const field = fieldWith([DEVICE], [level(3, 0)]);
    expect(paddiesOf(field, BAND, NOW)[0]?.mark).toBe("ok");
    expect(paddiesOf(field, BAND, NOW + 31 * 60_000 + 1)[0]?.mark).toBe("unknown");
  });

  test("of two sensors the newest word counts", () => {
    const second = { ...DEVICE, id: "e" };
    const [paddy] = paddiesOf(fieldWith([DEVICE, second], [level(3, 60_000), reading("e", "plot-1", "water.level", 1, NOW - 1000)]), BAND, NOW);
    expect(paddy).toMatchObject({ mark: "low", deviceId: "e", levelCm: 1 });
  });

  test("a suspect value counts, and says so", () => {
    expect(paddiesOf(fieldWith([DEVICE], [level(3, 60_000, 3)]), BAND, NOW)[0]).toMatchObject({ mark: "ok", suspect: true });
  });
});

test("most urgent first: low by how much, high, unknown, good by name", () => {
  const paddies = paddiesOf(fromSnapshot(fixtureSnapshot(NOW), EMPTY_FIELD), BAND, NOW);
  expect(paddies.slice(0, 5).map((p) => `${p.mark} ${p.name}`)).toEqual(["low 中の1番", "low 北の3番", "high 沢の田", "unknown 東の1番", "unknown 南の2番"]);
  const { look, good, bare } = groupsOf(paddies);
  expect([look.length, good.length, bare.length]).toEqual([4, 9, 1]);
  expect(good.every((p) => p.mark === "ok")).toBe(true);
});

test("other readings of a plot age by the same rule", () => {
  const field = fieldWith([DEVICE], [reading("d", "plot-1", "water.temperature", 19, NOW - 60_000), reading("d", "plot-9", "radio.rssi", -90, NOW)]);
  const [temperature, ...rest] = readingsOfPlot(field, "plot-1");
  expect(rest).toEqual([]);
  expect(temperature && freshness(temperature, field, NOW)).toBe("fresh");
  expect(temperature && freshness(temperature, field, NOW + H)).toBe("old");
});

import { describe, expect, test } from "vitest";
import type { DeviceJson } from "../../core/domain/api.ts";
import type { ChannelState, DeviceState, SilenceCause } from "../../core/domain/device-state.ts";
import type { Quantity } from "../../core/domain/quantity.ts";
import { silenceWords } from "../../core/domain/silence-words.ts";
import { en } from "../../map-ui/i18n/en.ts";
import { ja } from "../../map-ui/i18n/ja.ts";
import { EMPTY_FIELD, fromSnapshot } from "../../map-ui/state/field.ts";
import { paddiesOf, paddySentence } from "../../map-ui/state/paddies.ts";
import { isSameCause, silenceOf, silenceSentence } from "../../map-ui/state/silence.ts";
import { deviceState, fixtureSnapshot, reading } from "./support/fixture-field.ts";

const NOW = Date.parse("2026-06-12T00:00:00Z");
const H = 3_600_000;
const at = (agoMs: number): string => new Date(NOW - agoMs).toISOString();

const channel = (quantity: Quantity, agoMs: number, depthCm: number | null = null): ChannelState => ({ quantity, depthCm, lastAt: at(agoMs), state: "silent" });
function device(state: Partial<DeviceState> | null): DeviceJson {
  return {
    id: "d",
    name: "水位計",
    devEui: null,
    profile: "dragino-ldds75",
    intervalS: 600,
    plotId: "plot-1",
    lastReadingAt: null,
    state: state && deviceState("d", NOW, state),
  };
}
function silent(cause: SilenceCause, names: readonly string[], channels: readonly ChannelState[] = []): DeviceJson {
  const state = cause === "channel" ? "reporting" : "silent";
  return device({ state, cause, note: silenceWords(cause, names), lastSeenAt: at(cause === "channel" ? 0 : 6 * H), channels });
}
function says(d: DeviceJson, length: "short" | "whole", messages = ja): string | null {
  const silence = silenceOf(d);
  return silence && silenceSentence(silence, NOW, messages, length);
}

describe("the sentence of a silence", () => {
  test.each([
    {
      name: "gateway",
      of: silent("gateway", ["六郷", "St. Mary"]),
      short: "6時間前からデータなし：中継局（六郷、St. Mary）が止まっています。",
      whole: "6時間前からデータなし：中継局（六郷、St. Mary）が止まっています。センサーではなく、中継局の電源と回線を確認してください。",
      english: "No data for 6 hours: The gateway (六郷, St. Mary) is down.",
    },
    {
      name: "network",
      of: silent("network", ["chirpstack"]),
      short: "6時間前からデータなし：ネットワーク（chirpstack）から何も届いていません。",
      whole:
        "6時間前からデータなし：ネットワーク（chirpstack）から何も届いていません。ネットワークサーバーと、そこからこのサービスまでの回線を確認してください。",
      english: "No data for 6 hours: Nothing at all comes from the network (chirpstack).",
    },
    {
      name: "device",
      of: silent("device", []),
      short: "6時間前からデータなし：このセンサーだけ届いていません。",
      whole: "6時間前からデータなし：このセンサーだけ届いていません。電池と設置場所を確認してください。",
      english: "No data for 6 hours: Only this sensor is not heard.",
    },
    {
      name: "restart",
      of: silent("restart", []),
      short: "6時間前からデータなし：このサービスが再開したばかりで、まだ次の受信を待っています。",
      whole: "6時間前からデータなし：このサービスが再開したばかりで、まだ次の受信を待っています。",
      english: "No data for 6 hours: This service has just started again and still waits for the next message.",
    },
    {
      name: "one channel",
      of: silent("channel", ["water.temperature"], [channel("water.temperature", 3 * H)]),
      short: "3時間前から、センサーは届いていますが、水温の値が来ません。",
      whole: "3時間前から、センサーは届いていますが、水温の値が来ません。プローブとケーブルを確認してください。",
      english: "For 3 hours: The sensor is heard, but gives no value of Water temp.",
    },
    {
      name: "a quantity at two depths, since the later of them",
      of: silent("channel", ["soil.moisture", "soil.moisture"], [channel("soil.moisture", 5 * H, 10), channel("soil.moisture", 4 * H, 30)]),
      short: "4時間前から、センサーは届いていますが、土壌水分(深さ10 cm)、土壌水分(深さ30 cm)の値が来ません。",
      whole: "4時間前から、センサーは届いていますが、土壌水分(深さ10 cm)、土壌水分(深さ30 cm)の値が来ません。プローブとケーブルを確認してください。",
      english: "For 4 hours: The sensor is heard, but gives no value of Soil moisture (10 cm deep), Soil moisture (30 cm deep).",
    },
  ])("$name", ({ of, short, whole, english }) => {
    expect(says(of, "short")).toBe(short);
    expect(says(of, "whole")).toBe(whole);
    expect(says(of, "short", en)).toBe(english);
  });

  test("without a time it says why, and no time", () => {
    const d = device({ state: "silent", cause: "device", note: silenceWords("device", []), lastSeenAt: null, since: null });
    expect(says(d, "short")).toBe("このセンサーだけ届いていません。");
  });

  test.each([
    { name: "a device of which nothing is said", of: device(null) },
    { name: "a device that is heard", of: device({}) },
    { name: "a device never heard", of: device({ state: "unknown", lastSeenAt: null }) },
  ])("$name has none", ({ of }) => {
    expect(silenceOf(of)).toBeNull();
  });
});

test.each([
  { a: silent("network", ["ttn"]), b: silent("network", ["ttn"]), same: true },
  { a: silent("network", ["ttn"]), b: silent("network", ["chirpstack"]), same: false },
  { a: silent("gateway", ["六郷"]), b: silent("gateway", ["六郷"]), same: true },
  { a: silent("device", []), b: silent("device", []), same: false },
  { a: silent("device", []), b: silent("gateway", ["六郷"]), same: false },
])("$a.state.note.en / $b.state.note.en: same cause $same", ({ a, b, same }) => {
  const [one, other] = [silenceOf(a), silenceOf(b)];
  expect(one && other && isSameCause(one, other)).toBe(same);
});

describe("on the farmer's list", () => {
  const BAND = { minCm: 2, maxCm: 6 };
  function paddy(d: DeviceJson, levelAgoMs: number | null) {
    const full = fixtureSnapshot(NOW);
    const readings = levelAgoMs === null ? [] : [reading("d", "plot-1", "water.level", 3, NOW - levelAgoMs)];
    const snapshot = { ...full, plots: { ...full.plots, features: full.plots.features.slice(0, 1) }, devices: [d], readings };
    const [only] = paddiesOf(fromSnapshot(snapshot, EMPTY_FIELD), BAND, NOW);
    if (only === undefined) throw new Error("no paddy");
    return { mark: only.mark, says: paddySentence(only, NOW, ja) };
  }

  test.each([
    {
      name: "the cause stands in the place of a guess",
      of: silent("device", []),
      ago: 6 * H,
      mark: "unknown",
      says: /^6時間前からデータなし：このセンサーだけ/,
    },
    { name: "also before the first level", of: silent("device", []), ago: null, mark: "unknown", says: /^6時間前からデータなし：このセンサーだけ/ },
    {
      name: "also when the sensor is heard and its level is not",
      of: silent("channel", ["water.level"], [channel("water.level", 6 * H)]),
      ago: 6 * H,
      mark: "unknown",
      says: /^6時間前から、センサーは届いていますが、水位の値が来ません。$/,
    },
    {
      name: "another channel is not why there is no level",
      of: silent("channel", ["water.temperature"], [channel("water.temperature", 6 * H)]),
      ago: 6 * H,
      mark: "unknown",
      says: /^データが6時間届いていません。/,
    },
    {
      name: "a good level is told, whatever else is missing",
      of: silent("channel", ["water.temperature"], [channel("water.temperature", 6 * H)]),
      ago: 60_000,
      mark: "ok",
      says: /^水はちょうどよい深さです。$/,
    },
    { name: "nobody has said why", of: device({}), ago: 6 * H, mark: "unknown", says: /^データが6時間届いていません。/ },
  ])("$name", ({ of, ago, mark, says: expected }) => {
    const found = paddy(of, ago);
    expect(found.mark).toBe(mark);
    expect(found.says).toMatch(expected);
  });
});

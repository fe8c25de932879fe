import { describe, expect, test } from "vitest";
import type { BaseJson, GatewayJson, RoverJson } from "../../core/domain/api.ts";
import type { BaseHealth, RoverState } from "../../core/domain/live.ts";
import { en } from "../../map-ui/i18n/en.ts";
import { ja } from "../../map-ui/i18n/ja.ts";
import { clocksOf } from "../../map-ui/state/format.ts";
import { baseMark, baseSentence, gatewayMark, roverMark, roverWords, WORD_FRESH_MS } from "../../map-ui/state/stations.ts";
import { baseHealth, roverState } from "./support/fixture-field.ts";

const NOW = Date.parse("2026-06-11T21:05:12Z");
const clock = clocksOf("Asia/Tokyo");
const base = (health: BaseHealth | null): BaseJson => ({
  id: "misato1",
  mount: "MISATO1",
  name: "町役場",
  kind: "physical",
  sim: false,
  surveyed: true,
  stoppedAt: null,
  position: null,
  health,
});

describe("base", () => {
  test.each([
    { name: "sending", health: baseHealth(NOW), mark: "sending", says: "補正は正常に届いています(6:05:12 時点)" },
    { name: "silent", health: baseHealth(NOW, { state: "silent", epochAgeS: 8 }), mark: "silent", says: "補正が届いていません(6:05:12 時点)" },
    { name: "absent", health: baseHealth(NOW, { state: "absent", epochAgeS: null }), mark: "silent", says: "補正が届いていません(6:05:12 時点)" },
    { name: "an old epoch", health: baseHealth(NOW, { epochAgeS: 5.1 }), mark: "silent", says: "補正が届いていません(6:05:12 時点)" },
    { name: "no epoch yet", health: baseHealth(NOW, { epochAgeS: null }), mark: "silent", says: "補正が届いていません(6:05:12 時点)" },
    { name: "old word", health: baseHealth(NOW - WORD_FRESH_MS - 1), mark: "unknown", says: "補正の様子がわかりません(最後の知らせ 6:04:51)" },
    { name: "a time that is no time", health: baseHealth(NOW, { at: "-" }), mark: "unknown", says: null },
    { name: "no word", health: null, mark: "unknown", says: "補正の様子がわかりません(まだ知らせがありません)" },
  ])("$name", ({ health, mark, says }) => {
    expect(baseMark(base(health), NOW)).toBe(mark);
    if (says !== null) expect(baseSentence(base(health), NOW, ja, clock)).toBe(says);
  });
});

describe("rover", () => {
  const rover = (state: RoverState | null): RoverJson => ({ id: "tractor-1", name: "1号", party: null, state });
  test.each([
    { name: "fix", state: roverState("tractor-1", NOW), words: "固定 FIX" },
    { name: "float", state: roverState("tractor-1", NOW, { fix: "float" }), words: "準備中 FLOAT" },
    { name: "single", state: roverState("tractor-1", NOW, { fix: "single" }), words: "単独 SINGLE" },
    { name: "dgps", state: roverState("tractor-1", NOW, { fix: "dgps" }), words: "DGPS" },
    { name: "none", state: roverState("tractor-1", NOW, { fix: "none" }), words: "なし NONE" },
    { name: "old word", state: roverState("tractor-1", NOW - WORD_FRESH_MS - 1), words: "わかりません" },
    { name: "gone", state: roverState("tractor-1", NOW, { state: "disconnected" }), words: "つながっていません" },
    { name: "never seen", state: null, words: "つながっていません" },
  ])("$name", ({ state, words }) => {
    expect(roverWords(roverMark(rover(state), NOW), ja)).toBe(words);
    expect(roverWords(roverMark(rover(state), NOW), en)).not.toBe("");
  });
});

test.each([
  { online: true, agoMs: 60_000, mark: "online" },
  { online: null, agoMs: 60_000, mark: "online" },
  { online: false, agoMs: 60_000, mark: "offline" },
  { online: true, agoMs: 16 * 60_000, mark: "unknown" },
  { online: true, agoMs: null, mark: "unknown" },
] as const)("a gateway that says online=$online, heard $agoMs ms ago, is $mark", ({ online, agoMs, mark }) => {
  const lastSeenAt = agoMs === null ? null : new Date(NOW - agoMs).toISOString();
  const gateway: GatewayJson = {
    id: "gw",
    eui: "00",
    name: "六郷",
    position: null,
    state: { gatewayId: "gw", at: new Date(NOW).toISOString(), online, lastSeenAt },
  };
  expect(gatewayMark(gateway, NOW)).toBe(mark);
});

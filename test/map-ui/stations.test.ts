import { describe, expect, test } from "vitest";
import type { BaseJson, GatewayJson, RoverJson } from "../../core/domain/api.ts";
import type { BaseHealth, BaseTruth, RoverState } from "../../core/domain/live.ts";
import { en } from "../../map-ui/i18n/en.ts";
import { ja } from "../../map-ui/i18n/ja.ts";
import { clocksOf } from "../../map-ui/state/format.ts";
import { baseMark, baseSentence, gatewayMark, mustStop, roverMark, roverNotice, roverWords, WORD_FRESH_MS } from "../../map-ui/state/stations.ts";
import { guardLook, lengthText } from "../../map-ui/state/truth.ts";
import { baseHealth, baseTruth, roverService, roverState, STOP_NOW } from "./support/fixture-field.ts";

const NOW = Date.parse("2026-06-11T21:05:12Z");
const clock = clocksOf("Asia/Tokyo");
const guard = (state: BaseTruth["guard"]["state"]): BaseTruth["guard"] => ({ ...baseTruth(NOW).guard, state });
function withoutTruth({ truth: _, ...health }: BaseHealth): BaseHealth {
  return health;
}
function withoutService({ service: _, ...state }: RoverState): RoverState {
  return state;
}
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
    {
      name: "stopped by the guard",
      health: baseHealth(NOW, { truth: baseTruth(NOW, { guard: guard("stopped") }) }),
      mark: "stopped",
      says: "この基地局の補正は止めています(6:05:12 時点)",
    },
    {
      name: "sending, and nothing of it passed on",
      health: baseHealth(NOW, { truth: baseTruth(NOW, { guard: guard("waiting") }) }),
      mark: "silent",
      says: "補正が届いていません(6:05:12 時点)",
    },
    {
      name: "a relay that says nothing of its guard",
      health: withoutTruth(baseHealth(NOW)),
      mark: "sending",
      says: "補正は正常に届いています(6:05:12 時点)",
    },
    { name: "a time that is no time", health: baseHealth(NOW, { at: "-" }), mark: "unknown", says: null },
    { name: "no word", health: null, mark: "unknown", says: "補正の様子がわかりません(まだ知らせがありません)" },
  ])("$name", ({ health, mark, says }) => {
    expect(baseMark(base(health), NOW)).toBe(mark);
    if (says !== null) expect(baseSentence(base(health), NOW, ja, clock)).toBe(says);
  });
});

test("a base that staff stopped is stopped, whatever its health says", () => {
  expect(baseMark({ ...base(baseHealth(NOW)), stoppedAt: new Date(NOW).toISOString() }, NOW)).toBe("stopped");
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

describe("what the driver must be told", () => {
  const told = (state: RoverState | null) => roverNotice({ id: "tractor-1", name: "1号", party: null, state }, NOW);
  const service = { service: roverService(NOW, { notice: STOP_NOW }) };
  test.each([
    { name: "now", state: roverState("tractor-1", NOW, service), notice: STOP_NOW },
    { name: "though it went a while ago", state: roverState("tractor-1", NOW - 29 * 60_000, { ...service, state: "disconnected" }), notice: STOP_NOW },
    { name: "not of an hour ago", state: roverState("tractor-1", NOW - 60 * 60_000, { ...service, state: "disconnected" }), notice: null },
    { name: "nothing", state: roverState("tractor-1", NOW), notice: null },
    { name: "nothing by a relay of before", state: withoutService(roverState("tractor-1", NOW)), notice: null },
    { name: "nothing of one never seen", state: null, notice: null },
  ])("$name", ({ state, notice }) => {
    expect(told(state)).toEqual(notice);
    expect(mustStop(told(state))).toBe(notice !== null);
  });
});

describe("guard", () => {
  const look = (state: Parameters<typeof guard>[0], confirmed = true, stoppedAt: string | null = null) =>
    guardLook({ stoppedAt, health: baseHealth(NOW, { truth: baseTruth(NOW, { guard: { ...guard(state), confirmed } }) }) });
  test.each([
    { state: "passing", confirmed: true, word: "passing", tone: "ok" },
    { state: "passing", confirmed: false, word: "unconfirmed", tone: "none" },
    { state: "unsurveyed", confirmed: true, word: "unsurveyed", tone: "none" },
    { state: "waiting", confirmed: true, word: "waiting", tone: "act" },
    { state: "stopped", confirmed: true, word: "stopped", tone: "act" },
  ] as const)("$state, confirmed $confirmed", ({ state, confirmed, word, tone }) => {
    expect(look(state, confirmed)).toMatchObject({ word, tone });
    expect(look(state, confirmed, "2026-06-11T00:00:00.000Z")).toMatchObject({ word: "stopped", tone: "act" });
  });
  test("of which nothing is known is not shown as anything", () => {
    expect(guardLook({ stoppedAt: null, health: null })).toBeNull();
  });
});

test.each([
  [0.0034, "3 mm"],
  [-0.042, "-42 mm"],
  [0.38, "38 cm"],
  [-38.2, "-38.2 m"],
  [449.6, "450 m"],
])("%d m is said as %s", (m, text) => expect(lengthText(m)).toBe(text));

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

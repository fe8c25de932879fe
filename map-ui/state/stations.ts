import type { BaseJson, GatewayJson, RoverJson } from "../../core/domain/api.ts";
import type { Sentence } from "../../core/domain/live.ts";
import type { Messages } from "../i18n/ja.ts";
import type { Clocks } from "./format.ts";

/** Word of a base or rover comes each second, at worst with each poll (15 s); older word says nothing about now. */
export const WORD_FRESH_MS = 20_000;
const EPOCH_FRESH_S = 5; // a base sends at 1 Hz; without an epoch for 5 s it is silent (core/domain/live.ts)

export type BaseMark = "sending" | "silent" | "stopped" | "unknown";
export const BASE_SHAPE: Readonly<Record<BaseMark, string>> = { sending: "●", silent: "■", stopped: "■", unknown: "✕" };
const NOTICE_SHOWN_MS = 30 * 60_000;

/** Do corrections arrive? Only a fresh word of a sending base that nobody stopped says so. */
export function baseMark(base: BaseJson, nowMs: number): BaseMark {
  const health = base.health;
  if (health === null || !(nowMs - Date.parse(health.at) <= WORD_FRESH_MS)) return "unknown";
  const guard = health.truth?.guard.state;
  if (base.stoppedAt !== null || guard === "stopped") return "stopped";
  if (guard === "waiting") return "silent"; // it sends, and nothing of it is passed on
  const fresh = health.epochAgeS !== null && health.epochAgeS <= EPOCH_FRESH_S;
  return health.state === "sending" && fresh ? "sending" : "silent";
}

/** We report corrections, never permission (DESIGN.md §1): each sentence carries its time. */
export function baseSentence(base: BaseJson, nowMs: number, messages: Messages, clocks: Clocks): string {
  if (base.health === null) return messages.base.never;
  return messages.base[baseMark(base, nowMs)](clocks.time(Date.parse(base.health.at)));
}

/** What the driver must be told now. Of a rover that went, only for a while: what was said an hour ago is over. */
export function roverNotice(rover: RoverJson, nowMs: number): Sentence | null {
  const state = rover.state;
  const notice = state?.service?.notice;
  return state && notice && nowMs - Date.parse(state.at) <= NOTICE_SHOWN_MS ? notice : null;
}

/** 止めてください */
export const mustStop = (notice: Sentence | null): notice is Sentence => notice?.code === "stop-now";

export type RoverMark = "fix" | "float" | "dgps" | "single" | "none" | "other" | "unknown" | "away";
export const ROVER_SHAPE: Readonly<Record<RoverMark, string>> = {
  fix: "●",
  float: "◐",
  dgps: "○",
  single: "○",
  none: "✕",
  other: "✕",
  unknown: "✕",
  away: "✕",
};
/** One letter on the map. */
export const ROVER_LETTER: Readonly<Record<RoverMark, string>> = {
  fix: "F",
  float: "L",
  dgps: "D",
  single: "S",
  none: "✕",
  other: "?",
  unknown: "✕",
  away: "✕",
};

export function roverMark(rover: RoverJson, nowMs: number): RoverMark {
  const state = rover.state;
  if (state === null) return "away";
  if (state.state === "disconnected") return "away";
  return nowMs - Date.parse(state.at) <= WORD_FRESH_MS ? state.fix : "unknown";
}

/** 「固定 FIX」 */
export function roverWords(mark: RoverMark, messages: Messages): string {
  const code = messages.rover.fixCode[mark];
  const word = messages.rover[mark];
  return code === "" || code.toLowerCase() === word.toLowerCase() ? word : `${word} ${code}`;
}

export type GatewayMark = "online" | "offline" | "unknown";
export const GATEWAY_SHAPE: Readonly<Record<GatewayMark, string>> = { online: "●", offline: "■", unknown: "✕" };
const GATEWAY_FRESH_MS = 15 * 60_000; // gateways send statistics every 30 s to few minutes

export function gatewayMark(gateway: GatewayJson, nowMs: number): GatewayMark {
  const state = gateway.state;
  if (state === null) return "unknown";
  if (state.online === false) return "offline";
  const heard = state.lastSeenAt !== null && nowMs - Date.parse(state.lastSeenAt) <= GATEWAY_FRESH_MS;
  return heard ? "online" : "unknown";
}

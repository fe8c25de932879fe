import type { PaddyMark } from "../../core/domain/paddy-status.ts";
import type { BaseMark, GatewayMark, RoverMark } from "../state/stations.ts";

/** Colour by urgency: blue = as it should be, red = act, grey = not known (or nothing to know). */
export type Tone = "ok" | "act" | "none";

export const PADDY_TONE: Readonly<Record<PaddyMark, Tone>> = { ok: "ok", low: "act", high: "act", unknown: "none" };
export const BASE_TONE: Readonly<Record<BaseMark, Tone>> = { sending: "ok", silent: "act", stopped: "act", unknown: "none" };
export const GATEWAY_TONE: Readonly<Record<GatewayMark, Tone>> = { online: "ok", offline: "act", unknown: "none" };
export const ROVER_TONE: Readonly<Record<RoverMark, Tone>> = {
  fix: "ok",
  float: "none",
  dgps: "none",
  single: "none",
  none: "none",
  other: "none",
  unknown: "none",
  away: "none",
};

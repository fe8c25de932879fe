import type { BaseHealth, RelayEvent, RoverState } from "../core/domain/live.ts";

/**
 * What history keeps of the relay's messages, checked where it comes in: one that is not of its shape would keep the whole batch that
 * it is written with from being written. Throws TypeError.
 */
type Kind = "text" | "text or null" | "number" | "number or null" | "count" | "flag" | "object";
type Shape = Readonly<Record<string, Kind>>;

const HEALTH: Shape = {
  at: "text",
  connectedSince: "text or null",
  epochLatencyMs: "number or null",
  bytesPerS: "number",
  crcFailures: "count",
  satellites: "object",
  rovers: "count",
  sim: "flag",
};
const TRUTH: Shape = { guard: "object", verdict: "text", displacementM: "number or null", medianCnrDbHz: "number or null" };
const ROVER: Shape = {
  state: "text",
  fix: "text",
  satellites: "number or null",
  hdop: "number or null",
  ggaAgeS: "number or null",
  baselineKm: "number or null",
  baseId: "text or null",
  mount: "text or null",
  sim: "flag",
};
const POSITION: Shape = { at: "text", latDeg: "number", lonDeg: "number", heightM: "number or null" };
const SERVICE: Shape = { plotId: "text or null", relayLatencyMs: "number or null", sendLatencyMs: "number or null", datum: "text or null" };
const EVENT: Shape = { at: "text", code: "text", severity: "text", ja: "text", en: "text", baseId: "text or null", roverId: "text or null" };
const STATES: ReadonlySet<unknown> = new Set(["sending", "silent", "absent"]);

export function checkedHealth(message: unknown): BaseHealth {
  const health = shaped<BaseHealth>(message, HEALTH);
  if (!STATES.has(health.state)) throw new TypeError("state");
  if (!Object.values(health.satellites).every((count) => Number.isFinite(count))) throw new TypeError("satellites");
  if (health.truth !== undefined) shaped(shaped<{ guard: unknown }>(health.truth, TRUTH).guard, { state: "text" });
  return health;
}

export function checkedRover(message: unknown): RoverState {
  const state = shaped<RoverState>(message, ROVER);
  if (state.position !== null) {
    const { latDeg, lonDeg } = shaped<{ latDeg: number; lonDeg: number }>(state.position, POSITION);
    if (Math.abs(latDeg) > 90 || Math.abs(lonDeg) > 180) throw new TypeError("no place on Earth");
  }
  if (state.service !== undefined) shaped(state.service, SERVICE);
  return state;
}

export function checkedEvent(message: unknown): RelayEvent {
  const event = shaped<RelayEvent>(message, EVENT);
  if (!Number.isFinite(Date.parse(event.at))) throw new TypeError("at");
  return event;
}

export function checkedMinute(message: unknown): { readonly at: string } {
  const minute = shaped<{ at: string }>(message, { at: "text" });
  if (!Number.isFinite(Date.parse(minute.at))) throw new TypeError("at");
  return minute;
}

function shaped<T>(message: unknown, shape: Shape): T {
  if (typeof message !== "object" || message === null) throw new TypeError("not an object");
  for (const [key, kind] of Object.entries(shape)) if (!fits((message as Record<string, unknown>)[key], kind)) throw new TypeError(key);
  return message as T;
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "text or null":
      return value === null || typeof value === "string";
    case "number":
      return Number.isFinite(value);
    case "number or null":
      return value === null || Number.isFinite(value);
    case "count":
      return Number.isSafeInteger(value);
    case "flag":
      return typeof value === "boolean";
    case "object":
      return typeof value === "object" && value !== null;
  }
}

import type { DeviceJson } from "../../core/domain/api.ts";
import type { ChannelState, SilenceCause } from "../../core/domain/device-state.ts";
import type { Sentence } from "../../core/domain/live.ts";
import type { Messages } from "../i18n/ja.ts";
import { durationWords } from "./format.ts";

/** Why nothing comes, as the server says it: from a whole sensor, or from channels of one that is heard. */
export interface Silence {
  readonly cause: SilenceCause;
  readonly note: Sentence;
  readonly sinceMs: number | null; // nothing of what the note names has come since
  readonly channels: readonly ChannelState[]; // those that the note names; empty unless the cause is "channel"
}

/** Null: nothing is missing, or nobody has said why. */
export function silenceOf({ state }: DeviceJson): Silence | null {
  if (state === null || state.cause === null || state.note === null) return null;
  const { cause, note } = state;
  const channels = cause === "channel" ? state.channels.filter((c) => c.state === "silent") : [];
  const lastAt = cause === "channel" ? channels.map((c) => c.lastAt) : [state.lastSeenAt ?? state.since];
  const times = lastAt.map((at) => (at === null ? Number.NaN : Date.parse(at))).filter(Number.isFinite);
  return { cause, note, sinceMs: times.length === 0 ? null : Math.max(...times), channels };
}

/** Is this why there is no level? */
export const hidesLevel = (silence: Silence): boolean => silence.cause !== "channel" || silence.channels.some((c) => c.quantity === "water.level");

/** Is it one and the same thing that hides both sensors? Then it need not be told twice. */
export function isSameCause(a: Silence, b: Silence): boolean {
  const isShared = a.cause !== "device" && a.cause !== "channel";
  return isShared && a.note.ja === b.note.ja;
}

/** The note in the page's language and words. "short": one sentence, without the last one, which says what to look at. */
export function noteText({ note, channels }: Pick<Silence, "note" | "channels">, messages: Messages, length: "short" | "whole"): string {
  const [between, end] = messages.lang === "ja" ? (["。", "。"] as const) : ([". ", "."] as const);
  let text = note[messages.lang];
  if (length === "short") {
    const sentences = text.slice(0, -end.length).split(between);
    if (sentences.length > 1) text = sentences.slice(0, -1).join(between) + end;
  }
  for (const { quantity, depthCm } of channels) {
    const name = messages.quantity[quantity].replace(/\.$/, ""); // "temp." at the end of a sentence
    text = text.replace(quantity, depthCm === null ? name : messages.silence.channel(name, messages.depth(String(depthCm))));
  }
  return text;
}

/** 「6時間前から…」 */
export function silenceSentence(silence: Silence, nowMs: number, messages: Messages, length: "short" | "whole"): string {
  const text = noteText(silence, messages, length);
  if (silence.sinceMs === null) return text;
  const since = silence.cause === "channel" ? messages.silence.ofChannel : messages.silence.ofAll;
  return since(durationWords(nowMs - silence.sinceMs, messages), text);
}

import { computed } from "@preact/signals-core";
import type { BaseJson } from "../../core/domain/api.ts";
import { truthEn } from "../i18n/truth-en.ts";
import { type TruthMessages, truthJa } from "../i18n/truth-ja.ts";
import type { Tone } from "../parts/tones.ts";
import { view } from "./view.ts";

export const truthMessages = computed<TruthMessages>(() => (view.value.lang === "en" ? truthEn : truthJa));

type GuardWord = keyof TruthMessages["base"]["guard"];
const GUARD_LOOKS: Readonly<Record<GuardWord, { readonly shape: string; readonly tone: Tone }>> = {
  passing: { shape: "●", tone: "ok" },
  unconfirmed: { shape: "◐", tone: "none" },
  unsurveyed: { shape: "○", tone: "none" },
  waiting: { shape: "◐", tone: "act" },
  stopped: { shape: "■", tone: "act" },
};
export const VERDICT_LOOKS = {
  good: { shape: "●", tone: "ok" },
  watch: { shape: "◆", tone: "watch" },
  bad: { shape: "■", tone: "act" },
  insufficient: { shape: "✕", tone: "none" },
} as const satisfies Record<string, { readonly shape: string; readonly tone: Tone | "watch" }>;

/** Passing and confirmed is the one good state: whatever is less says what it is. */
export function guardLook(base: Pick<BaseJson, "stoppedAt" | "health">): { readonly word: GuardWord; readonly shape: string; readonly tone: Tone } | null {
  const guard = base.health?.truth?.guard;
  if (base.stoppedAt !== null) return { word: "stopped", ...GUARD_LOOKS.stopped };
  if (!guard) return null;
  const word = guard.state === "passing" && !guard.confirmed ? "unconfirmed" : guard.state;
  return { word, ...GUARD_LOOKS[word] };
}

/** mm below 10 cm, else cm, else m: as people say it. */
export function lengthText(m: number): string {
  const size = Math.abs(m);
  if (size < 0.1) return `${(m * 1000).toFixed(0)} mm`;
  return size < 1 ? `${(m * 100).toFixed(0)} cm` : `${m.toFixed(size < 100 ? 1 : 0)} m`;
}

/** A value of evidence, whatever its unit. */
export const evidenceText = (value: number): string => String(Number(value.toPrecision(4)));

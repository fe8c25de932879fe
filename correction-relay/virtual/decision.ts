import type { Sentence } from "../../core/domain/live.ts";
import type { BaseView } from "./base-view.ts";
import { CHOICE_WORDS } from "./choice-words.ts";
import { failureOf } from "./failover.ts";

/**
 * serve: this base's data, from its next whole epoch on; until then those of the base before, unless that one has failed.
 * hold: this base, which is silent. end: nothing while the rover is where it is. none: there is no base for it.
 */
export type Decision =
  | { readonly kind: "serve"; readonly baseId: string; readonly reason: Sentence }
  | { readonly kind: "hold"; readonly baseId: string; readonly reason: Sentence }
  | { readonly kind: "end"; readonly notice: Sentence }
  | { readonly kind: "none"; readonly notice: Sentence };

export const END: Decision = { kind: "end", notice: CHOICE_WORDS.stopNow };
export const NO_BASE: Decision = { kind: "none", notice: CHOICE_WORDS.noBase };
export const TOO_FAR: Decision = { kind: "none", notice: CHOICE_WORDS.tooFar };

/** A base that is silent, or short of satellites, is kept where there is none better; one that was stopped is not. */
export function decisionFor(of: {
  readonly baseId: string;
  readonly view: BaseView | undefined;
  readonly flows: boolean;
  readonly reason: Sentence;
}): Decision {
  const { baseId, view, flows, reason } = of;
  const failure = failureOf(view);
  if (failure !== null && (view === undefined || view.health.failure === "hard")) return { kind: "none", notice: failure };
  const silent = view?.health.state === "silent" || view?.health.failure === "silence";
  return { kind: silent && !flows ? "hold" : "serve", baseId, reason };
}

export function sameDecision(a: Decision, b: Decision): boolean {
  if (a.kind === "serve" || a.kind === "hold") return a.kind === b.kind && a.baseId === b.baseId && a.reason.code === b.reason.code;
  return a.kind === b.kind && "notice" in b && a.notice.code === b.notice.code;
}

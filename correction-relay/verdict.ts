import type { BaseTruth, Finding, Sentence } from "../core/domain/live.ts";
import { HEALTH_WORDS, MEASURE_WORDS } from "./health-words.ts";
import { exceeds, type Measure, STABILITY_EVIDENCE_S, THRESHOLDS } from "./thresholds.ts";

/** null: not measured, not applicable, or not to be judged. */
export type Measured = Readonly<Record<Measure, number | null>>;

/** Everything that a verdict rests on; nothing else is known to it. */
export interface Evidence {
  readonly observedS: number; // seconds with an epoch, of the last hour
  readonly state: "sending" | "silent" | "absent";
  readonly quietS: number | null; // since the last epoch, or since it connected; null: it never did
  readonly measured: Measured;
  readonly lostSystems: readonly string[];
  readonly fewSatellites: readonly { readonly constellation: string; readonly now: number; readonly usual: number }[];
  readonly movingBaseMessage: boolean;
  readonly computedStation: boolean;
  readonly glonassWithoutBias: boolean;
  readonly qzssMissing: boolean;
  readonly foreignBytes: boolean;
  readonly notNow: boolean;
  readonly clock: "trusted" | "unknown" | "off";
}

export interface Verdict {
  readonly verdict: BaseTruth["verdict"];
  readonly findings: readonly Finding[]; // worst first
}

/**
 * A fault makes a base bad, a warning one to watch, a hint changes nothing. With nothing to say against it, it is good only
 * after ten minutes of epochs: before that the honest answer is that there is not enough to tell.
 */
export function judge(evidence: Evidence): Verdict {
  const findings = [...presence(evidence), ...measures(evidence), ...systems(evidence), ...contents(evidence)];
  findings.sort((a, b) => RANK[a.severity] - RANK[b.severity]); // stable: in each, as written here
  return { verdict: verdictOf(findings, evidence.observedS), findings };
}

function verdictOf(findings: readonly Finding[], observedS: number): Verdict["verdict"] {
  const worst = findings[0]?.severity;
  if (worst === "fault") return "bad";
  if (worst === "warning") return "watch";
  return observedS < STABILITY_EVIDENCE_S ? "insufficient" : "good";
}

const QUIET_S = 8; // a shorter gap of the uplink is none

function presence({ state, quietS }: Evidence): Finding[] {
  if (state === "sending" || quietS === null || quietS < QUIET_S) return [];
  return [finding(state === "absent" ? HEALTH_WORDS.absent : HEALTH_WORDS.silent, "fault", quietS, QUIET_S)];
}

function measures({ measured, observedS, state }: Evidence): Finding[] {
  if (state === "absent") return [];
  const found: Finding[] = [];
  for (const measure of Object.keys(THRESHOLDS) as Measure[]) {
    const value = measured[measure];
    if (value === null || observedS < THRESHOLDS[measure].evidenceS) continue;
    const past = exceeds(measure, value);
    if (past !== null) found.push(finding(MEASURE_WORDS[measure](value), past.severity, value, past.threshold));
  }
  return found;
}

function systems({ lostSystems, fewSatellites }: Evidence): Finding[] {
  return [
    ...lostSystems.map((system) => finding(HEALTH_WORDS.systemLost(system), "fault", 0)),
    ...fewSatellites.map(({ constellation, now, usual }) => finding(HEALTH_WORDS.fewSatellites(constellation, now, usual), "warning", now, usual / 2)),
  ];
}

function contents(evidence: Evidence): Finding[] {
  const { clock, notNow, state } = evidence;
  const said: readonly (readonly [boolean, Sentence, Finding["severity"]])[] = [
    [evidence.movingBaseMessage, HEALTH_WORDS.movingBase, "warning"],
    [evidence.computedStation, HEALTH_WORDS.computed, "warning"],
    [evidence.glonassWithoutBias, HEALTH_WORDS.noGlonassBias, "hint"],
    [evidence.qzssMissing, HEALTH_WORDS.noQzss, "hint"],
    [evidence.foreignBytes, HEALTH_WORDS.foreignBytes, "hint"],
    [notNow, HEALTH_WORDS.notNow, "hint"],
    [state === "sending" && !notNow && clock === "off", HEALTH_WORDS.clockOff, "hint"],
    [state === "sending" && !notNow && clock === "unknown", HEALTH_WORDS.clockUnknown, "hint"],
  ];
  return said.flatMap(([is, sentence, severity]) => (is ? [finding(sentence, severity)] : []));
}

const RANK: Readonly<Record<Finding["severity"], number>> = { fault: 0, warning: 1, hint: 2 };

const finding = ({ code, ja, en }: Sentence, severity: Finding["severity"], value: number | null = null, threshold: number | null = null): Finding => ({
  code,
  ja,
  en,
  severity,
  value: value === null ? null : Math.round(value * 1000) / 1000,
  threshold,
});

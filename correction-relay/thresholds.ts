/**
 * Where good ends, one row per measure. `above`: more is worse; `below`: less is worse. `evidenceS`: seconds with epochs that must
 * have been seen before anything is said. Sources: "kpi" are the published limits of the field's open monitor (ARP 30 s, epoch 2 s,
 * 100 B/s, CRC 99.9 and 99 %, CN0 fall 3 and 6 dB, off-rate 10 and 33 %, reconnects 1 and 4 per hour, 600 s of evidence for
 * stability); "captures" are set well outside what real bases show in recordings.
 */
export interface Threshold {
  readonly worse: "above" | "below";
  readonly warning: number;
  readonly fault: number | null;
  readonly evidenceS: number;
  readonly source: "kpi" | "captures" | "standard" | "delivery";
}

export const STABILITY_EVIDENCE_S = 600;
export const RATE_EVIDENCE_S = 60;

export const THRESHOLDS = {
  arpAgeS: { worse: "above", warning: 30, fault: null, evidenceS: 0, source: "kpi" },
  epochIntervalS: { worse: "above", warning: 2, fault: null, evidenceS: 0, source: "kpi" },
  bytesPerS: { worse: "below", warning: 100, fault: null, evidenceS: RATE_EVIDENCE_S, source: "kpi" },
  crcShare: { worse: "above", warning: 0.001, fault: 0.01, evidenceS: 0, source: "kpi" },
  // The monitor's own limit is 40; a stock F9P under an open sky has 40 over all signals.
  medianCnrDbHz: { worse: "below", warning: 37, fault: 33, evidenceS: RATE_EVIDENCE_S, source: "captures" },
  cnrFallDb: { worse: "above", warning: 3, fault: 6, evidenceS: STABILITY_EVIDENCE_S, source: "kpi" },
  slipsPerSatelliteHour: { worse: "above", warning: 120, fault: 600, evidenceS: STABILITY_EVIDENCE_S, source: "captures" }, // bases: 0 to 72
  halfCycleShare: { worse: "above", warning: 0.1, fault: 0.3, evidenceS: STABILITY_EVIDENCE_S, source: "captures" }, // bases: 0 to 0.003
  missedShare: { worse: "above", warning: 0.1, fault: 0.33, evidenceS: STABILITY_EVIDENCE_S, source: "kpi" },
  reconnectsPerHour: { worse: "above", warning: 1, fault: 4, evidenceS: STABILITY_EVIDENCE_S, source: "kpi" },
  duplicatesPerHour: { worse: "above", warning: 3, fault: null, evidenceS: STABILITY_EVIDENCE_S, source: "captures" },
  outOfOrderPerHour: { worse: "above", warning: 3, fault: null, evidenceS: STABILITY_EVIDENCE_S, source: "captures" },
  latencyMs: { worse: "above", warning: 1500, fault: 3000, evidenceS: RATE_EVIDENCE_S, source: "delivery" }, // an epoch is too old to be delivered at 2 s
} as const satisfies Readonly<Record<string, Threshold>>;

export type Measure = keyof typeof THRESHOLDS;

/** Reached or passed; a limit itself is bad where more is worse and counts are whole, so `above` includes it for counts of an hour. */
export function exceeds(measure: Measure, value: number): { readonly severity: "warning" | "fault"; readonly threshold: number } | null {
  const { worse, warning, fault }: Threshold = THRESHOLDS[measure];
  const past = (limit: number): boolean => (worse === "below" ? value < limit : COUNTED.has(measure) ? value >= limit : value > limit);
  if (fault !== null && past(fault)) return { severity: "fault", threshold: fault };
  return past(warning) ? { severity: "warning", threshold: warning } : null;
}

const COUNTED: ReadonlySet<Measure> = new Set(["reconnectsPerHour", "duplicatesPerHour", "outOfOrderPerHour"]);

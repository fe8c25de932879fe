import type { Finding, RelayEvent } from "../core/domain/live.ts";

const OVER_AFTER_MS = 60_000; // what comes and goes is one thing

interface Active {
  severity: Finding["severity"];
  finding: Finding;
  seenAtMs: number;
}

/** Turns what health finds every second into events: told when it begins, when it becomes a fault, and when it is over. Hints are no events. */
export class FindingEvents {
  readonly #baseId: string;
  readonly #active = new Map<string, Active>(); // by code: bounded by the codes there are, times the systems

  constructor(baseId: string) {
    this.#baseId = baseId;
  }

  /** Once a second. */
  update(findings: readonly Finding[], nowMs: number): readonly RelayEvent[] {
    const events: RelayEvent[] = [];
    for (const finding of findings) {
      if (finding.severity === "hint") continue;
      const key = `${finding.code}/${SUBJECT.has(finding.code) ? finding.en : ""}`;
      const active = this.#active.get(key);
      if (active === undefined || (active.severity === "warning" && finding.severity === "fault")) {
        events.push(this.#event(finding, finding.severity === "fault" ? "alarm" : "warning", nowMs));
        this.#active.set(key, { severity: finding.severity, finding, seenAtMs: nowMs });
      } else active.seenAtMs = nowMs;
    }
    for (const [key, { finding, seenAtMs }] of this.#active) {
      if (nowMs - seenAtMs < OVER_AFTER_MS) continue;
      this.#active.delete(key);
      events.push(this.#event({ code: `${finding.code}-over`, ja: `解消しました：${finding.ja}`, en: `No more: ${finding.en}` }, "info", nowMs));
    }
    return events;
  }

  #event({ code, ja, en }: Pick<Finding, "code" | "ja" | "en">, severity: RelayEvent["severity"], nowMs: number): RelayEvent {
    return { code, ja, en, at: new Date(nowMs).toISOString(), baseId: this.#baseId, roverId: null, severity };
  }
}

/** Codes that speak of one system: two systems are two events. Their sentence has no number that changes. */
const SUBJECT: ReadonlySet<string> = new Set(["system-lost"]);

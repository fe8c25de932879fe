import { type Ecef, messageType } from "rtcm-parser";
import type { BaseTruth, RelayEvent, Sentence } from "../core/domain/live.ts";
import type { Base } from "../core/domain/site.ts";
import { apartM, arpOf, isMoved } from "./arp-frame.ts";
import { DescriptorWatch } from "./descriptor-watch.ts";
import { type GuardMemory, NO_MEMORY } from "./guard-memory.ts";
import { type GuardEvidence, type GuardOrders, passesRecheck, recheckDueMs } from "./guard-orders.ts";
import { GUARD_WORDS } from "./guard-words.ts";
import { MISSING_AFTER_S, PositionWait } from "./position-wait.ts";

/**
 * pass: it may leave. hold: no rover gets this frame; the stream is not proven yet, or this frame alone is empty.
 * stop: nothing leaves, and what was gathered or kept of the stream is thrown away.
 */
export type GuardDecision = "pass" | "hold" | "stop";

export type { GuardEvidence, GuardOrders } from "./guard-orders.ts";

export interface GuardPort {
  tell(event: RelayEvent): void;
  /** now: before anything else is written; soon: with the next writing. */
  remember(memory: GuardMemory, when: "now" | "soon"): void;
}

/** Whether the stream of one base may be relayed, by the position that it transmits. It does no I/O. */
export class ArpGuard {
  readonly #baseId: string;
  readonly #port: GuardPort;
  #memory: GuardMemory;
  readonly #watch: DescriptorWatch;
  #survey: Ecef | null = null;
  #network = false;
  #orders: GuardOrders = { confirmedAtMs: null, stoppedAtMs: null, recheckedAtMs: null };
  #state: BaseTruth["guard"]["state"] = "waiting";
  #sinceMs = 0;
  #connected = false;
  #arp: { readonly position: Ecef; readonly atMs: number } | null = null; // last of this session
  #proven = false; // it agrees with the survey
  #offM: number | null = null;
  readonly #wait = new PositionWait();
  #emptyTold = false;
  #recheckTold: number | null = null;
  #configured = false;

  /** `lost`: what was remembered may be missing or old. Call `configure` before anything else. */
  constructor(of: { readonly baseId: string; readonly memory: GuardMemory | null; readonly lost?: boolean; readonly port: GuardPort; readonly nowMs: number }) {
    const known = of.memory ?? NO_MEMORY;
    this.#baseId = of.baseId;
    this.#port = of.port;
    this.#memory = of.lost === true ? { ...known, lostAtMs: of.nowMs } : known;
    this.#watch = new DescriptorWatch(this.#memory.descriptors);
    this.#sinceMs = this.#memory.stop?.atMs ?? of.nowMs;
  }

  /** The catalog as it is now: at the start, and after each change of it. A stop stays until it is confirmed, whatever else changed. */
  configure(base: Pick<Base, "antenna" | "kind">, orders: GuardOrders, nowMs: number): void {
    if (!this.#configured && (this.#memory.lostAtMs ?? 0) > (this.#memory.recheckPassedMs ?? 0)) {
      this.#remember({}, "now");
      this.#tell(GUARD_WORDS.memoryLost, "alarm", nowMs);
    }
    const staffStopped = this.#orders.stoppedAtMs;
    this.#orders = orders;
    this.#network = base.kind === "network";
    this.#resurvey(base.antenna, nowMs);
    const { stop } = this.#memory;
    if (stop !== null && orders.confirmedAtMs !== null && orders.confirmedAtMs > stop.atMs) this.#lift(nowMs);
    // At the start it is no news that staff stopped it.
    if (this.#configured && (staffStopped === null) !== (orders.stoppedAtMs === null)) {
      if (staffStopped === null) this.#tell(GUARD_WORDS.staffStopped, "alarm", nowMs);
      else this.#tell(GUARD_WORDS.staffStarted, "info", nowMs);
    }
    this.#configured = true;
    const due = this.#recheckDueMs();
    if (due !== null && due !== this.#recheckTold) {
      this.#recheckTold = due;
      this.#tell(GUARD_WORDS.recheckDue, "warning", nowMs);
    }
    this.#settle(nowMs);
  }

  sessionStarted(nowMs: number): void {
    this.sessionEnded(nowMs);
    this.#connected = true;
    this.#wait.resumed(nowMs);
  }

  sessionEnded(nowMs: number): void {
    if (!this.#connected) return;
    this.#wait.paused(nowMs);
    this.#connected = false;
    this.#arp = null;
    this.#proven = false;
    this.#settle(nowMs);
  }

  /** Each frame of the source, in order, before it goes anywhere else. */
  frame(frame: Uint8Array, nowMs: number): GuardDecision {
    const type = messageType(frame);
    if (type === 1005 || type === 1006) return this.#position(frame, nowMs);
    if (type === 1007 || type === 1008 || type === 1033) this.#descriptors(frame, nowMs);
    return this.decision;
  }

  /** For whatever is no frame of the source: cached messages, a rover's first bytes. */
  get decision(): GuardDecision {
    if (this.#state === "stopped") return "stop";
    return this.#state === "waiting" ? "hold" : "pass";
  }

  get state(): BaseTruth["guard"]["state"] {
    return this.#state;
  }

  /** The carrier phase shows that the mast stands elsewhere, though 1005 says the same as before. */
  bumped(displacementM: number, nowMs: number): void {
    if (this.#network || this.#memory.stop !== null) return;
    this.#stop(GUARD_WORDS.bumped(displacementM), nowMs);
  }

  /** Once a second. */
  tick(evidence: GuardEvidence, nowMs: number): void {
    if (this.#state === "waiting" && this.#wait.isOver(nowMs)) this.#tell(GUARD_WORDS.missing(MISSING_AFTER_S), "alarm", nowMs);
    this.#recheck(evidence, nowMs);
  }

  truth(): BaseTruth["guard"] {
    return {
      state: this.#state,
      confirmed: this.#recheckDueMs() === null,
      since: new Date(this.#sinceMs).toISOString(),
      reason: this.#reason(),
      offSurveyM: this.#offM === null ? null : Math.round(this.#offM * 10_000) / 10_000,
    };
  }

  #reason(): Sentence | null {
    if (this.#memory.stop !== null) return this.#memory.stop.reason;
    if (this.#state === "stopped") return GUARD_WORDS.staffStopped;
    return this.#state === "waiting" && this.#wait.wasTold ? GUARD_WORDS.missing(MISSING_AFTER_S) : null;
  }

  #position(frame: Uint8Array, nowMs: number): GuardDecision {
    if (this.#network) return this.decision;
    const position = arpOf(frame);
    if (position === null) return this.#empty(nowMs);
    this.#arp = { position, atMs: nowMs };
    this.#emptyTold = false;
    this.#compare(position, nowMs);
    this.#settle(nowMs);
    return this.decision;
  }

  /** A position that is none: it contradicts whatever is known; where nothing is, the rest of the stream goes on without it. */
  #empty(nowMs: number): GuardDecision {
    if (this.#survey !== null || this.#memory.learned !== null) {
      if (this.#memory.stop === null) this.#stop(GUARD_WORDS.positionLost, nowMs);
      return "stop";
    }
    if (!this.#emptyTold) this.#tell(GUARD_WORDS.noPosition, "alarm", nowMs);
    this.#emptyTold = true;
    return this.#state === "stopped" ? "stop" : "hold";
  }

  #compare(position: Ecef, nowMs: number): void {
    const known = this.#survey ?? this.#memory.learned;
    this.#offM = known === null ? 0 : apartM(position, known);
    const moved = isMoved(this.#offM);
    this.#proven = this.#survey !== null && !moved;
    if (this.#memory.stop !== null) return;
    if (moved) this.#stop(this.#survey === null ? GUARD_WORDS.jumped(this.#offM) : GUARD_WORDS.offSurvey(this.#offM), nowMs);
    else this.#agreed(position, known === null, nowMs);
  }

  #agreed(position: Ecef, first: boolean, nowMs: number): void {
    if (first) {
      this.#remember({ learned: position }, "now");
      this.#tell(GUARD_WORDS.learned, "info", nowMs);
    }
    if (this.#wait.arrived()) this.#tell(GUARD_WORDS.arrived, "info", nowMs);
  }

  #descriptors(frame: Uint8Array, nowMs: number): void {
    const changes = this.#watch.frame(frame, nowMs);
    if (changes === null) return;
    this.#remember({ descriptors: this.#watch.memory }, "soon");
    for (const { sentence, severity } of changes) this.#tell(sentence, severity, nowMs);
  }

  #resurvey(antenna: Base["antenna"], nowMs: number): void {
    const survey = antenna === null || this.#network ? null : { xM: antenna.x, yM: antenna.y, zM: antenna.z };
    const before = this.#survey;
    if (survey === null ? before === null : before !== null && apartM(survey, before) === 0) return;
    this.#survey = survey;
    this.#proven = false;
    this.#offM = null;
    if (this.#memory.learned !== null && survey !== null) this.#remember({ learned: null }, "soon");
    if (this.#arp !== null) this.#compare(this.#arp.position, nowMs);
  }

  #stop(reason: Sentence, nowMs: number): void {
    this.#proven = false;
    this.#remember({ stop: { atMs: nowMs, reason } }, "now");
    this.#tell(reason, "alarm", nowMs);
    this.#settle(nowMs);
  }

  /** The next position decides: it must be the survey's, or is learned anew. What was seen before the confirmation proves nothing. */
  #lift(nowMs: number): void {
    this.#proven = false;
    this.#arp = null;
    this.#offM = null;
    if (this.#connected) this.#wait.resumed(nowMs);
    this.#remember({ stop: null, learned: null }, "now");
    this.#tell(GUARD_WORDS.confirmed, "info", nowMs);
  }

  /** The check that is still to be passed, by the time it was asked for. */
  #recheckDueMs(): number | null {
    return this.#network ? null : recheckDueMs(this.#memory, this.#orders);
  }

  #recheck(evidence: GuardEvidence, nowMs: number): void {
    const due = this.#recheckDueMs();
    if (due === null || this.#state === "stopped" || this.#arp === null || this.#offM === null || isMoved(this.#offM)) return;
    if (!passesRecheck({ dueMs: due, arpAtMs: this.#arp.atMs, confirmedAtMs: this.#orders.confirmedAtMs, evidence, nowMs })) return;
    this.#remember({ recheckPassedMs: due }, "now");
    this.#tell(GUARD_WORDS.recheckPassed, "info", nowMs);
  }

  #settle(nowMs: number): void {
    const state = this.#stateNow();
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = state === "stopped" ? (this.#memory.stop?.atMs ?? this.#orders.stoppedAtMs ?? nowMs) : nowMs;
  }

  #stateNow(): BaseTruth["guard"]["state"] {
    if (this.#memory.stop !== null || this.#orders.stoppedAtMs !== null) return "stopped";
    if (this.#network) return "passing";
    if (this.#survey === null) return "unsurveyed";
    return this.#proven ? "passing" : "waiting";
  }

  #remember(change: Partial<GuardMemory>, when: "now" | "soon"): void {
    this.#memory = { ...this.#memory, ...change };
    this.#port.remember(this.#memory, when);
  }

  #tell(sentence: Sentence, severity: RelayEvent["severity"], nowMs: number): void {
    this.#port.tell({
      code: sentence.code,
      ja: sentence.ja,
      en: sentence.en,
      at: new Date(nowMs).toISOString(),
      baseId: this.#baseId,
      roverId: null,
      severity,
    });
  }
}

import { DIAGNOSIS_WORDS as WORDS } from "./diagnosis-words.ts";
import type { BaseHealth, RelayEvent, RoverState, Sentence } from "./live.ts";
import { MAX_BASELINE_KM } from "./pool-base.ts";
import type { Refusal } from "./refusal.ts";
import type { Base, Rover } from "./site.ts";

/** `GET rovers/{id}/diagnosis`: one cause, the one that stands first in the way. */
export interface RoverDiagnosis extends Sentence {
  readonly at: string;
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
}

export interface DiagnosisInput {
  readonly nowMs: number;
  readonly rover: Pick<Rover, "base" | "maxSessions" | "expiresOn">;
  readonly expired: boolean; // by the site's calendar
  readonly state: RoverState | null;
  readonly bases: readonly { readonly base: Pick<Base, "id" | "name" | "mount" | "maxBaselineKm" | "arpOffset">; readonly health: BaseHealth | null }[];
  readonly others: readonly RoverState[]; // of the other rovers
  readonly refusal: Refusal | null; // the newest of this account
  readonly events: readonly RelayEvent[]; // of this rover, newest first
  readonly localTime: (atMs: number) => string; // as the site's clocks show it
}

/** Consoles that decode RTCM 3.0 or 3.1 only, by their User-Agent: they want 1004/1012. */
const LEGACY_AGENTS = [/\bCloudbase\b/i, /\bTPA Client\b/i, /^HGPS\//i];

const WORD_FRESH_MS = 20_000; // the relay tells each second
const STOP_SHOWN_MS = 30 * 60_000;
const REFUSAL_MS = { away: 10 * 60_000, connected: 120_000 };
const LOST_RECENTLY_MS = 10 * 60_000;
const LATE_S = 5; // corrections at 1 Hz
const STALE_S = 10; // RTK holds 15 to 20 s without corrections; a receiver that says more than 10 gets none
const SETTLING_S = 60;
const GGA_OVERDUE_S = 60;

type Evidence = RoverDiagnosis["evidence"];
type Found = { readonly sentence: Sentence; readonly evidence: Evidence };
type OneBase = DiagnosisInput["bases"][number];
const found = (sentence: Sentence, evidence: Evidence = {}): Found => ({ sentence, evidence });

/** From base health × session × GGA. What the evidence does not show is INSUFFICIENT, never a good-looking guess. Pure. */
export function diagnose(input: DiagnosisInput): RoverDiagnosis {
  const { state, nowMs } = input;
  const fresh = state !== null && (state.state === "disconnected" || isFresh(state.at, nowMs));
  const cause = stopped(input) ?? (state?.state === "connected" && fresh ? connectedCause(input, state) : awayCause(input, fresh));
  return {
    code: cause.sentence.code,
    ja: cause.sentence.ja,
    en: cause.sentence.en,
    at: new Date(nowMs).toISOString(),
    evidence: { connected: state?.state === "connected" && fresh, lastWordAt: state?.at ?? null, ...cause.evidence },
  };
}

const isFresh = (at: string, nowMs: number): boolean => nowMs - Date.parse(at) <= WORD_FRESH_MS;
const agoMs = (at: string, nowMs: number): number => nowMs - Date.parse(at);

/** The one thing a driver must know at once, whatever else is true. */
function stopped({ state, events, nowMs }: DiagnosisInput): Found | null {
  const notice = state?.service?.notice ?? null;
  if (state !== null && notice?.code === "stop-now" && agoMs(state.at, nowMs) <= STOP_SHOWN_MS)
    return found(WORDS.endedInsidePlot, { plotId: state.service?.plotId ?? null, since: state.at });
  const flowing = state?.state === "connected" && state.correctionAgeS !== null && state.correctionAgeS <= LATE_S;
  const event = events.find(({ code, at }) => code === "stop-now" && agoMs(at, nowMs) <= STOP_SHOWN_MS);
  const later = event !== undefined && state?.connectedSince ? Date.parse(state.connectedSince) > Date.parse(event.at) : false;
  return event === undefined || flowing || later ? null : found(WORDS.endedInsidePlot, { since: event.at });
}

function awayCause(input: DiagnosisInput, fresh: boolean): Found {
  const { state, rover, nowMs, bases, localTime } = input;
  const refusal = refusalCause(input, REFUSAL_MS.away, state?.state === "disconnected" ? state.at : null);
  if (refusal) return refusal;
  if (input.expired) return found(WORDS.expired(rover.expiresOn ?? ""), { expiresOn: rover.expiresOn });
  const relayTells = bases.some(({ health }) => health !== null && isFresh(health.at, nowMs));
  if (!fresh && !(state === null && relayTells)) return found(WORDS.relaySilent);
  if (state === null || state.mount === null) return found(WORDS.linkNever);
  const base = baseOf(input, state);
  const trouble = base && baseCause(base, nowMs);
  if (trouble) return trouble;
  if (agoMs(state.at, nowMs) <= LOST_RECENTLY_MS && (state.service?.gaps ?? 0) > 0) return gapsCause(input, state, base);
  return found(WORDS.link(localTime(Date.parse(state.at))), { lostAt: state.at, mount: state.mount });
}

function connectedCause(input: DiagnosisInput, state: RoverState): Found {
  const { nowMs } = input;
  const base = baseOf(input, state);
  const notice = state.service?.notice ?? null;
  if (state.baseId === null && notice?.code === "too-far") return found(WORDS.tooFarFromAll);
  if (base === null) return found(WORDS.noBase, { notice: notice?.code ?? null });
  // Anybody can send a wrong password under a name that he knows: of one who is in, only what was refused to the right one counts.
  const full = input.refusal?.reason === "sessions" ? refusalCause(input, REFUSAL_MS.connected, state.connectedSince) : null;
  const trouble = baseCause(base, nowMs) ?? full;
  if (trouble) return trouble;
  const connectedS = state.connectedSince === null ? 0 : agoMs(state.connectedSince, nowMs) / 1000;
  if (state.correctionAgeS === null || state.correctionAgeS > LATE_S)
    return connectedS < LATE_S ? found(WORDS.justConnected, { connectedS }) : gapsCause(input, state, base);
  const ggaAgeS = state.service?.ggaAgeS ?? (state.position === null ? null : agoMs(state.position.at, nowMs) / 1000);
  if (ggaAgeS === null || ggaAgeS > GGA_OVERDUE_S) {
    if (ggaAgeS === null && connectedS < SETTLING_S) return found(WORDS.justConnected, { connectedS });
    return found(WORDS.noGga, { ggaAgeS, correctionAgeS: state.correctionAgeS });
  }
  return receiverCause(input, state, { base, connectedS });
}

/** What the rover's own GGA shows. */
function receiverCause(input: DiagnosisInput, state: RoverState, { base, connectedS }: { base: OneBase; connectedS: number }): Found {
  const most = base.base.maxBaselineKm ?? MAX_BASELINE_KM;
  const other = state.service?.otherStation ?? null;
  const seen = { fix: state.fix, receiverAgeS: state.ggaAgeS, correctionAgeS: state.correctionAgeS, baselineKm: state.baselineKm, baseId: base.base.id };
  if (state.baselineKm !== null && state.baselineKm > most)
    return found(WORDS.tooFar(state.baselineKm.toFixed(1), String(most)), { ...seen, maxBaselineKm: most });
  if (other !== null) return found(WORDS.otherStation(other, base.base.name), { ...seen, otherStation: other });
  if (state.ggaAgeS !== null && state.ggaAgeS >= STALE_S) {
    if ((state.service?.gaps ?? 0) > 0) return gapsCause(input, state, base);
    return found(WORDS.stale(state.ggaAgeS.toFixed(0)), seen);
  }
  switch (state.fix) {
    case "none":
      return found(WORDS.noSatellites, { ...seen, satellites: state.satellites });
    case "fix":
      return found(WORDS.well, seen);
    case "float":
      return found(WORDS.float, seen);
    case "single":
    case "dgps":
      return connectedS < SETTLING_S ? found(WORDS.justConnected, { ...seen, connectedS }) : unusedCause(state, base, seen);
    case "other":
    case "unknown":
      return found(WORDS.unclear, seen);
  }
}

/** Corrections leave fresh, and the receiver stays without them. */
function unusedCause(state: RoverState, { base, health }: OneBase, seen: Evidence): Found {
  const mount = state.service?.requestedMount ?? state.mount ?? base.mount;
  const agentKnown = state.agent !== null && LEGACY_AGENTS.some((agent) => agent.test(state.agent ?? ""));
  const types = (health?.messages ?? []).filter(({ ratePerS }) => ratePerS > 0).map(({ type }) => type);
  const sendsLegacy = types.some((type) => type === 1003 || type === 1004);
  const sendsMsm = types.some((type) => type >= 1071 && type <= 1137);
  const form = /_L$/i.test(mount) ? "legacy" : /_M4$/i.test(mount) ? "MSM4" : "as sent";
  const evidence = { ...seen, agent: state.agent, agentKnown, mount, form, sendsMsm, sendsLegacy };
  const wantsLegacy = form !== "legacy" && sendsMsm && (!sendsLegacy || form === "MSM4");
  // A receiver that names an age takes something of what we send: then the form is not what ails it, unless it is known for that.
  if (wantsLegacy && (agentKnown || state.ggaAgeS === null)) return found(WORDS.oldRtcm(`${mount.replace(/_M4$/i, "")}_L`), evidence);
  return found(WORDS.notUsed, evidence);
}

/** Interrupted, and the base is well: the mobile signal only when others are well too. */
function gapsCause({ others, nowMs }: DiagnosisInput, state: RoverState, base: OneBase | null): Found {
  const live = others.filter((o) => o.state === "connected" && isFresh(o.at, nowMs) && o.service !== undefined);
  const onIt = live.filter(({ baseId }) => baseId === state.baseId);
  const asked = onIt.length > 0 ? onIt : live;
  const well = asked.filter((o) => o.service?.gaps === 0 && o.correctionAgeS !== null && o.correctionAgeS <= LATE_S).length;
  const gaps = state.service?.gaps ?? 0;
  const evidence = { gaps, unsentBytes: state.service?.unsentBytes ?? null, baseWell: base !== null, othersWell: well, othersAsked: asked.length };
  return found(base !== null && gaps > 0 && well > asked.length - well ? WORDS.mobileSignal : WORDS.insufficient, evidence);
}

function baseCause({ base, health }: OneBase, nowMs: number): Found | null {
  if (health === null || !isFresh(health.at, nowMs)) return found(WORDS.relaySilent, { baseId: base.id });
  const evidence = { baseId: base.id, baseState: health.state, epochAgeS: health.epochAgeS, guard: health.truth?.guard.state ?? null };
  const guard = health.truth?.guard;
  if (guard?.state === "stopped") return found(WORDS.baseStopped(base.name, guard.reason ?? { ja: "職員が確認中", en: "staff are looking" }), evidence);
  if (health.state === "absent") return found(WORDS.baseAbsent(base.name), evidence);
  if (health.state === "silent") return found(WORDS.baseSilent(base.name), evidence);
  return guard?.state === "waiting" ? found(WORDS.baseWaiting(base.name), evidence) : null;
}

/** The base in use, or of last time; by the mount's name, else the one on file for the rover. */
function baseOf({ bases, rover }: DiagnosisInput, state: RoverState): OneBase | null {
  const mount = (state.mount ?? "").replace(/_(?:M4|L)$/i, "");
  const named = bases.find(({ base }) => base.mount === mount || base.arpOffset?.mount === mount);
  const used = bases.find(({ base }) => base.id === state.baseId);
  if (used || named) return used ?? named ?? null;
  return state.state === "connected" ? null : (bases.find(({ base }) => base.id === rover.base) ?? null);
}

/** A refusal of the last minutes that came after `sinceAt`: whoever holds this account stands before a closed door. */
function refusalCause({ refusal, rover, nowMs }: DiagnosisInput, withinMs: number, sinceAt: string | null): Found | null {
  if (refusal === null || agoMs(refusal.at, nowMs) > withinMs) return null;
  if (sinceAt !== null && Date.parse(refusal.at) < Date.parse(sinceAt)) return null;
  const { at, mount, reason, username } = refusal;
  return found(refusalWords(refusal, rover), { refusedAt: at, mount, reason, username });
}

function refusalWords({ reason, mount }: Refusal, rover: DiagnosisInput["rover"]): Sentence {
  switch (reason) {
    case "wrong-password":
      return WORDS.wrongPassword;
    case "back-off":
      return WORDS.backOff;
    case "expired":
      return WORDS.expired(rover.expiresOn ?? "");
    case "unknown-mount":
      return WORDS.unknownMount(mount);
    case "not-this-mount":
      return WORDS.notThisMount(mount);
    case "sessions":
      return WORDS.sessions(rover.maxSessions);
    case "busy":
      return WORDS.busy;
  }
}

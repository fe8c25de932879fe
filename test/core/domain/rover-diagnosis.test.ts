import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DIAGNOSIS_WORDS } from "../../../core/domain/diagnosis-words.ts";
import type { BaseHealth, BaseTruth, RoverService, RoverState } from "../../../core/domain/live.ts";
import type { Refusal } from "../../../core/domain/refusal.ts";
import { type DiagnosisInput, diagnose } from "../../../core/domain/rover-diagnosis.ts";

const NOW = Date.parse("2026-06-01T03:00:00.000Z");
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();
const JD = "NTRIP Cloudbase/4.1.4_JD";
const MSM = [1006, 1077, 1087, 1230].map((type) => ({ type, count: 60, ratePerS: 1 }));
const LEGACY = [1004, 1006, 1012].map((type) => ({ type, count: 60, ratePerS: 1 }));

const guard = (state: BaseTruth["guard"]["state"], reason: BaseTruth["guard"]["reason"] = null): BaseTruth => ({
  guard: { state, confirmed: true, since: ago(60), reason, offSurveyM: null },
  verdict: "good",
  findings: [],
  displacementM: null,
  singlePoint: { state: "insufficient", offM: null, upM: null, spanS: 0, note: { code: "-", ja: "-", en: "-" } },
  medianCnrDbHz: null,
  inPool: true,
  source: { kind: "push", note: null },
});
const health = (patch: Partial<BaseHealth> = {}): BaseHealth => ({
  baseId: "misato1",
  mount: "MISATO1",
  at: ago(1),
  state: "sending",
  sim: false,
  connectedSince: ago(3600),
  sourceAgent: null,
  lastEpochAt: ago(1),
  epochAgeS: 0.4,
  epochLatencyMs: 100,
  bytesPerS: 700,
  frames: 1,
  crcFailures: 0,
  skippedBytes: 0,
  messages: MSM,
  satellites: { GPS: 9 },
  antenna: null,
  receiver: null,
  rovers: 1,
  truth: guard("passing"),
  ...patch,
});
const service = (patch: Partial<RoverService> = {}): RoverService => ({
  requestedMount: "MISATO1",
  sessions: 1,
  plotId: null,
  sendLatencyMs: 200,
  relayLatencyMs: 30,
  unsentBytes: 0,
  gaps: 0,
  ggaAgeS: 1,
  datum: null,
  otherStation: null,
  switches: [],
  notice: null,
  ...patch,
});
const rover = (patch: Partial<RoverState> = {}, served: Partial<RoverService> = {}): RoverState => ({
  roverId: "tractor-1",
  at: ago(1),
  state: "connected",
  sim: false,
  mount: "MISATO1",
  baseId: "misato1",
  agent: "NTRIP RTKLIB/2.4.3",
  connectedSince: ago(600),
  sentBytes: 1,
  skippedEpochs: 0,
  correctionAgeS: 0.5,
  position: { latDeg: 39.4, lonDeg: 140.5, heightM: 60, at: ago(1) },
  fix: "fix",
  satellites: 20,
  hdop: 0.7,
  ggaAgeS: 1,
  baselineKm: 3.2,
  service: service(served),
  ...patch,
});
const away = (seconds: number, patch: Partial<RoverState> = {}, served: Partial<RoverService> = {}): RoverState =>
  rover({ state: "disconnected", at: ago(seconds), connectedSince: null, correctionAgeS: null, ...patch }, served);
const other = (patch: Partial<RoverState> = {}, served: Partial<RoverService> = {}) => rover({ roverId: "tractor-2", ...patch }, served);
const refusal = (reason: Refusal["reason"], seconds = 30, mount = "MISATO1"): Refusal => ({
  at: ago(seconds),
  roverId: "tractor-1",
  username: "tractor1",
  mount,
  reason,
  address: "203.0.113.9",
});
const stopNow = { code: "stop-now", ja: "止めてください", en: "Stop" };

function input(patch: Partial<Omit<DiagnosisInput, "bases">> & { health?: BaseHealth | null } = {}): DiagnosisInput {
  const { health: of = health(), ...rest } = patch;
  const base = { id: "misato1", name: "町役場", mount: "MISATO1", maxBaselineKm: 20, arpOffset: null };
  return {
    nowMs: NOW,
    rover: { base: null, maxSessions: 2, expiresOn: null },
    expired: false,
    state: rover(),
    bases: [{ base, health: of }],
    others: [other()],
    refusal: null,
    events: [],
    localTime: () => "12:00",
    ...rest,
  };
}

describe("each cause is told by what produces it", () => {
  test.each<{ name: string; given: Parameters<typeof input>[0]; code: string; ja?: RegExp }>([
    { name: "all is well", given: {}, code: "well", ja: /^補正は正常に届いています。$/ },
    { name: "FLOAT", given: { state: rover({ fix: "float" }) }, code: "float" },
    // base
    { name: "base away", given: { health: health({ state: "absent" }) }, code: "base-absent", ja: /町役場/ },
    { name: "base silent", given: { health: health({ state: "silent" }) }, code: "base-silent" },
    {
      name: "guard has stopped it",
      given: { health: health({ truth: guard("stopped", { code: "arp-jumped", ja: "位置が4.0 cm変わった", en: "jumped" }) }) },
      code: "base-stopped",
      ja: /位置が4\.0 cm変わった/,
    },
    { name: "guard waits for a position", given: { health: health({ truth: guard("waiting") }) }, code: "base-waiting" },
    { name: "base away, and the session was closed for it", given: { health: health({ state: "absent" }), state: away(30) }, code: "base-absent" },
    { name: "no base for a virtual mount", given: { state: rover({ mount: "NEAR", baseId: null }) }, code: "no-base" },
    // link
    { name: "never connected", given: { state: away(5, { mount: null, baseId: null }) }, code: "link-never" },
    { name: "no word of it ever, the relay tells of its bases", given: { state: null }, code: "link-never" },
    { name: "switched off", given: { state: away(3600) }, code: "link", ja: /12:00からつながっていません/ },
    // mobile signal
    {
      name: "gaps while base and others are well",
      given: { state: rover({ correctionAgeS: 8 }, { gaps: 3 }) },
      code: "mobile-signal",
      ja: /携帯の電波と思われます/,
    },
    { name: "lost a moment ago after gaps", given: { state: away(60, {}, { gaps: 2 }) }, code: "mobile-signal" },
    { name: "old at the receiver, with gaps", given: { state: rover({ ggaAgeS: 14 }, { gaps: 1 }) }, code: "mobile-signal" },
    { name: "gaps, and nobody to compare with", given: { state: rover({ correctionAgeS: 8 }, { gaps: 3 }), others: [] }, code: "insufficient" },
    {
      name: "gaps, and the others have them too",
      given: { state: rover({ correctionAgeS: 8 }, { gaps: 3 }), others: [other({}, { gaps: 2 }), other({}, { gaps: 0 })] },
      code: "insufficient",
    },
    {
      name: "gaps, and the only other one is on another base",
      given: { state: rover({ correctionAgeS: 8 }, { gaps: 3 }), others: [other({ baseId: "b2" }), other({}, { gaps: 1 })] },
      code: "insufficient",
    },
    { name: "late without a gap", given: { state: rover({ correctionAgeS: 8 }) }, code: "insufficient" },
    // GGA
    { name: "no GGA", given: { state: rover({ position: null, fix: "unknown" }, { ggaAgeS: null }) }, code: "no-gga" },
    { name: "its GGA has stopped", given: { state: rover({}, { ggaAgeS: 90 }) }, code: "no-gga" },
    { name: "no GGA yet", given: { state: rover({ position: null, fix: "unknown", connectedSince: ago(20) }, { ggaAgeS: null }) }, code: "just-connected" },
    { name: "no satellites of its own", given: { state: rover({ position: null, fix: "none", baselineKm: null, ggaAgeS: null }) }, code: "no-satellites" },
    // too far
    { name: "too far", given: { state: rover({ baselineKm: 23.4, fix: "float" }) }, code: "too-far", ja: /23\.4 km/ },
    {
      name: "too far from all",
      given: { state: rover({ mount: "NEAR", baseId: null }, { notice: { code: "too-far", ja: "-", en: "-" } }) },
      code: "too-far",
    },
    // old RTCM version
    { name: "a console of RTCM 3.1 on MSM", given: { state: rover({ fix: "single", agent: JD }) }, code: "old-rtcm", ja: /MISATO1_L/ },
    { name: "the same with _M4", given: { state: rover({ fix: "dgps", agent: JD }, { requestedMount: "MISATO1_M4" }) }, code: "old-rtcm", ja: /「MISATO1_L」/ },
    { name: "unknown, and takes nothing of MSM", given: { state: rover({ fix: "single", ggaAgeS: null }) }, code: "old-rtcm" },
    { name: "already on _L", given: { state: rover({ fix: "single", agent: JD }, { requestedMount: "MISATO1_L" }) }, code: "insufficient" },
    { name: "the base sends 1004 itself", given: { state: rover({ fix: "single", agent: JD }), health: health({ messages: LEGACY }) }, code: "insufficient" },
    { name: "takes something, whatever it is", given: { state: rover({ fix: "dgps" }) }, code: "insufficient" },
    { name: "a fix needs its minute", given: { state: rover({ fix: "single", connectedSince: ago(20) }) }, code: "just-connected" },
    // log-in
    { name: "wrong password", given: { state: away(3600), refusal: refusal("wrong-password") }, code: "wrong-password" },
    { name: "wrong passwords, backing off", given: { state: away(3600), refusal: refusal("back-off") }, code: "wrong-password" },
    { name: "unknown mount", given: { state: away(3600), refusal: refusal("unknown-mount", 30, "MISATO9") }, code: "wrong-mount", ja: /MISATO9/ },
    { name: "a mount that it may not use", given: { state: away(3600), refusal: refusal("not-this-mount") }, code: "wrong-mount" },
    {
      name: "expired, and told so",
      given: { state: away(3600), refusal: refusal("expired"), rover: { base: null, maxSessions: 2, expiresOn: "2026-05-31" } },
      code: "expired",
      ja: /2026-05-31/,
    },
    {
      name: "expired by the calendar",
      given: { state: away(9e4), expired: true, rover: { base: null, maxSessions: 2, expiresOn: "2026-05-31" } },
      code: "expired",
    },
    { name: "too many sessions", given: { refusal: refusal("sessions") }, code: "session-limit", ja: /2台/ },
    { name: "somebody else's wrong password does not hide that it is well", given: { refusal: refusal("wrong-password") }, code: "well" },
    { name: "the server is busy", given: { state: away(3600), refusal: refusal("busy") }, code: "busy" },
    { name: "a refusal before it got in is over", given: { refusal: refusal("wrong-password", 700) }, code: "well" },
    { name: "a refusal before it went is over", given: { state: away(20), refusal: refusal("wrong-password", 100) }, code: "link" },
    { name: "a refusal of long ago", given: { state: away(9000), refusal: refusal("wrong-password", 3600) }, code: "link" },
    // stale, other station
    { name: "old at the receiver, fresh from here", given: { state: rover({ ggaAgeS: 25, fix: "float" }) }, code: "stale-corrections", ja: /25秒前/ },
    { name: "another station", given: { state: rover({}, { otherStation: 77 }) }, code: "other-station", ja: /77/ },
    // stop
    {
      name: "ended inside a plot",
      given: { state: rover({ baseId: null, mount: "FIELD" }, { notice: stopNow }) },
      code: "ended-inside-plot",
      ja: /^止めてください/,
    },
    { name: "ended inside a plot, and it went", given: { state: away(60, { mount: "FIELD" }, { notice: stopNow }) }, code: "ended-inside-plot" },
    {
      name: "ended inside a plot, by its event",
      given: { state: away(60), events: [{ ...stopNow, at: ago(70), baseId: "misato1", roverId: "tractor-1", severity: "alarm" }] },
      code: "ended-inside-plot",
    },
    {
      name: "ended then, arriving now",
      given: { events: [{ ...stopNow, at: ago(900), baseId: "misato1", roverId: "tractor-1", severity: "alarm" }] },
      code: "well",
    },
    // no word
    { name: "the relay says nothing", given: { state: rover({ at: ago(60) }), health: health({ at: ago(60) }) }, code: "insufficient" },
    { name: "no word of anything", given: { state: null, health: null }, code: "insufficient" },
    { name: "no word of the base", given: { health: null }, code: "insufficient" },
  ])("$name: $code", ({ given, code, ja }) => {
    const told = diagnose(input(given));
    expect(told).toMatchObject({ code, at: "2026-06-01T03:00:00.000Z", evidence: expect.any(Object) });
    if (ja) expect(told.ja).toMatch(ja);
  });
});

test("an unknown fix is not called well", () => {
  for (const fix of ["unknown", "other"] as const) expect(diagnose(input({ state: rover({ fix }) })).code).toBe("insufficient");
});

test("a relay of before, which says nothing of its service, is judged by what it says", () => {
  const { service: _, ...old } = rover();
  expect(diagnose(input({ state: old })).code).toBe("well");
  expect(diagnose(input({ state: { ...old, correctionAgeS: 9 } })).code).toBe("insufficient");
});

test("no sentence gives permission, and each is there in both languages", () => {
  const numbers = ["misato1", "20", 3] as const;
  for (const word of Object.values(DIAGNOSIS_WORDS)) {
    const { code, ja, en } = typeof word === "function" ? (word as (...a: unknown[]) => { code: string; ja: string; en: string })(...numbers) : word;
    expect(code).toMatch(/^[a-z-]+$/);
    expect(`${ja} ${en}`).not.toMatch(/安全|使えます|使用できます|safe|you (can|may) (use|steer)/i);
    expect(ja).toMatch(/[\u3040-\u30ff]/);
    expect(en).not.toMatch(/[\u3040-\u30ff\u4e00-\u9fff]/);
  }
});

test("whatever is known, there is one sentence, and it is well only with a fresh fix", () => {
  const maybe = <T>(...values: readonly T[]) => fc.constantFrom(...values);
  const states = fc.record({
    age: maybe(0.5, 8, null),
    fix: maybe<RoverState["fix"]>("fix", "float", "single", "none", "unknown"),
    seconds: maybe(1, 30, 900),
    kind: maybe<RoverState["state"]>("connected", "disconnected"),
    gaps: maybe(0, 3),
    base: maybe<BaseHealth["state"]>("sending", "silent", "absent"),
    refused: maybe<Refusal["reason"] | null>(null, "wrong-password", "sessions"),
  });
  fc.assert(
    fc.property(states, ({ age, fix, seconds, kind, gaps, base, refused }) => {
      const state = rover({ correctionAgeS: age, fix, at: ago(seconds), state: kind }, { gaps });
      const told = diagnose(input({ state, health: health({ state: base }), refusal: refused === null ? null : refusal(refused) }));
      expect(told.ja.length).toBeGreaterThan(5);
      if (told.code === "well") expect({ age, fix, kind, base, seconds }).toEqual({ age: 0.5, fix: "fix", kind: "connected", base: "sending", seconds: 1 });
    }),
  );
});

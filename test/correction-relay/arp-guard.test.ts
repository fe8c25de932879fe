import fc from "fast-check";
import { decodeMessage, type Ecef, encodeMessage, frameOf } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import type { BaseTruth, RelayEvent } from "../../core/domain/live.ts";
import { ArpGuard, type GuardOrders } from "../../correction-relay/arp-guard.ts";
import type { GuardMemory } from "../../correction-relay/guard-memory.ts";
import { GUARD_WORDS } from "../../correction-relay/guard-words.ts";
import { notice1029 } from "../../correction-relay/notice-text.ts";
import { spoken } from "../../correction-relay/relay-words.ts";
import { CAPTURES, readCapture } from "../rtcm-parser/captures.ts";
import { describeNeeding } from "../support/requirements.ts";
import { ARP, FILLER, frame1006, frame1033, msm } from "./support.ts";

const T0 = Date.UTC(2026, 10, 23, 3);
const NOTHING: GuardOrders = { confirmedAtMs: null, stoppedAtMs: null, recheckedAtMs: null };
const QUIET = { bumped: false, singlePoint: "insufficient" } as const;
const OBSERVATION = msm(1077, 1000, { announced: false, satellites: [1], signals: [2] });
const antennaOf = ({ xM, yM, zM }: Ecef) => ({ x: xM, y: yM, z: zM });
const moved = (dxM: number, dyM = 0, dzM = 0): Ecef => ({ xM: ARP.xM + dxM, yM: ARP.yM + dyM, zM: ARP.zM + dzM });

function frame1005({ xM, yM, zM }: Ecef, stationId = 0): Uint8Array {
  const { antennaHeightM: _, ...rest } = decodeMessage(frame1006(stationId)) as Extract<ReturnType<typeof decodeMessage>, { kind: "1006" }>;
  return encodeMessage({ ...rest, kind: "1005", xM, yM, zM });
}

interface Bench {
  readonly guard: ArpGuard;
  readonly events: RelayEvent[];
  readonly codes: () => string[];
  readonly memory: () => GuardMemory | null;
  readonly urgent: () => number;
}

function open(
  survey: Ecef | null,
  more: { orders?: GuardOrders; memory?: GuardMemory | null; lost?: boolean; kind?: "physical" | "network"; atMs?: number } = {},
): Bench {
  const events: RelayEvent[] = [];
  let memory: GuardMemory | null = more.memory ?? null;
  let urgent = 0;
  const port = {
    tell: (event: RelayEvent) => void events.push(event),
    remember: (m: GuardMemory, when: "now" | "soon") => {
      memory = JSON.parse(JSON.stringify(m)) as GuardMemory;
      if (when === "now") urgent += 1;
    },
  };
  const nowMs = more.atMs ?? T0;
  const guard = new ArpGuard({ baseId: "misato1", memory, lost: more.lost ?? false, port, nowMs });
  guard.configure({ antenna: survey && antennaOf(survey), kind: more.kind ?? "physical" }, more.orders ?? NOTHING, nowMs);
  guard.sessionStarted(nowMs);
  return { guard, events, codes: () => events.map((e) => e.code), memory: () => memory, urgent: () => urgent };
}

const surveyed = (b: Bench, survey: Ecef | null, orders: GuardOrders, nowMs: number): void =>
  b.guard.configure({ antenna: survey && antennaOf(survey), kind: "physical" }, orders, nowMs);

describe("with a survey on file", () => {
  test("nothing is relayed until the first 1005 or 1006 of a session agrees, then everything", () => {
    const b = open(ARP);
    expect([b.guard.frame(OBSERVATION, T0), b.guard.frame(FILLER, T0), b.guard.frame(frame1033(), T0)]).toEqual(["hold", "hold", "hold"]);
    expect(b.guard.truth()).toMatchObject({ state: "waiting", reason: null, offSurveyM: null });
    expect([b.guard.frame(frame1006(), T0 + 1), b.guard.frame(OBSERVATION, T0 + 1)]).toEqual(["pass", "pass"]);
    expect(b.guard.truth()).toMatchObject({ state: "passing", offSurveyM: 0, since: new Date(T0 + 1).toISOString() });
    b.guard.sessionEnded(T0 + 2);
    b.guard.sessionStarted(T0 + 3);
    expect(b.guard.frame(OBSERVATION, T0 + 3)).toBe("hold");
  });

  test.each([
    ["nothing", moved(0), "pass"],
    ["9 mm", moved(0.009), "pass"],
    ["9 mm in space", moved(0.005, 0.005, 0.0056), "pass"],
    ["1 cm", moved(0, 0, 0.01), "stop"],
    ["11 mm", moved(0, 0.011), "stop"],
    ["11 mm in space", moved(0.0064, 0.0064, 0.0064), "stop"],
    ["4 cm", moved(0.04), "stop"],
    ["1 m", moved(0, 0, -1), "stop"],
    ["another datum", moved(146.4, -507.3, -680.5), "stop"],
    ["a position that is none", { xM: 0, yM: 0, zM: 0 }, "stop"],
  ] as const)("%s off: %s", (_, position, wanted) => {
    for (const again of [false, true]) {
      const b = open(ARP);
      if (again) b.guard.frame(frame1006(), T0);
      expect(b.guard.frame(frame1005(position), T0 + 1)).toBe(wanted);
      expect(b.guard.frame(OBSERVATION, T0 + 1)).toBe(wanted);
      expect(b.codes().length).toBe(wanted === "stop" ? 1 : 0);
    }
  });

  test("the height of a 1006 is not added", () => {
    const b = open(ARP);
    const tall = encodeMessage({ ...(decodeMessage(frame1006()) as Extract<ReturnType<typeof decodeMessage>, { kind: "1006" }>), antennaHeightM: 1.5 });
    expect(b.guard.frame(tall, T0)).toBe("pass");
  });

  test("a 1005 that is cut short agrees with no survey", () => {
    const b = open(ARP);
    expect(b.guard.frame(frameOf(frame1005(ARP).subarray(3, 12)), T0)).toBe("stop");
    expect(b.codes()).toEqual(["arp-no-position"]);
  });

  test("after 60 s without a position: one alarm, and still nothing; short sessions add up", () => {
    const b = open(ARP);
    b.guard.tick(QUIET, T0 + 59_000);
    expect(b.events).toEqual([]);
    b.guard.sessionEnded(T0 + 40_000);
    b.guard.sessionStarted(T0 + 3_600_000);
    b.guard.tick(QUIET, T0 + 3_619_000);
    expect(b.events).toEqual([]);
    b.guard.tick(QUIET, T0 + 3_620_000);
    b.guard.tick(QUIET, T0 + 3_621_000);
    expect(b.events.map((e) => [e.code, e.severity, e.baseId])).toEqual([["arp-missing", "alarm", "misato1"]]);
    expect(b.guard.truth()).toMatchObject({ state: "waiting", reason: { code: "arp-missing" } });
    expect(b.guard.frame(OBSERVATION, T0 + 3_621_000)).toBe("hold");
    expect(b.guard.frame(frame1006(), T0 + 3_622_000)).toBe("pass");
    expect(b.codes()).toEqual(["arp-missing", "arp-agrees"]);
  });

  test("a stop outlasts reconnects, restarts, good positions and another survey, until staff confirm after it", () => {
    const b = open(ARP);
    b.guard.frame(frame1005(moved(1)), T0);
    expect(b.urgent()).toBe(1);
    b.guard.sessionEnded(T0 + 1000);
    b.guard.sessionStarted(T0 + 2000);
    expect(b.guard.frame(frame1006(), T0 + 2000)).toBe("stop");
    surveyed(b, moved(1), NOTHING, T0 + 3000);
    expect(b.guard.frame(frame1005(moved(1)), T0 + 3000)).toBe("stop");

    const after = open(moved(1), { memory: b.memory(), atMs: T0 + 60_000 });
    expect(after.guard.frame(frame1005(moved(1)), T0 + 60_000)).toBe("stop");
    expect(after.guard.truth()).toMatchObject({ state: "stopped", since: new Date(T0).toISOString(), reason: { code: "arp-off-survey" } });
    surveyed(after, moved(1), { ...NOTHING, confirmedAtMs: T0 - 1 }, T0 + 61_000);
    expect(after.guard.decision).toBe("stop");
    surveyed(after, moved(1), { ...NOTHING, confirmedAtMs: T0 + 61_000 }, T0 + 62_000);
    expect(after.guard.decision).toBe("hold"); // until the stream says it anew
    expect(after.guard.frame(frame1005(moved(1)), T0 + 63_000)).toBe("pass");
    expect(open(moved(1), { memory: after.memory() }).guard.decision).toBe("hold");
  });

  test("confirming does not make a wrong position right", () => {
    const b = open(ARP);
    b.guard.frame(frame1005(moved(1)), T0);
    surveyed(b, ARP, { ...NOTHING, confirmedAtMs: T0 + 10 }, T0 + 20);
    expect(b.guard.frame(frame1005(moved(1)), T0 + 30)).toBe("stop");
    surveyed(b, ARP, { ...NOTHING, confirmedAtMs: T0 + 10 }, T0 + 40);
    expect(b.guard.decision).toBe("stop");
  });

  test("a new survey is compared with what the stream said last", () => {
    const b = open(ARP);
    b.guard.frame(frame1006(), T0);
    surveyed(b, moved(0.005), NOTHING, T0 + 1);
    expect(b.guard.decision).toBe("pass");
    surveyed(b, moved(0.02), NOTHING, T0 + 2);
    expect(b.guard.decision).toBe("stop");
    expect(b.codes()).toEqual(["arp-off-survey"]);
  });

  test("a bump stops it though the position says the same", () => {
    const b = open(ARP);
    b.guard.frame(frame1006(), T0);
    b.guard.bumped(0.04, T0 + 1);
    b.guard.bumped(0.05, T0 + 2);
    expect(b.guard.frame(frame1006(), T0 + 3)).toBe("stop");
    expect(b.codes()).toEqual(["base-bumped"]);
    expect(b.guard.truth().reason?.en).toContain("4.0 cm");
  });
});

describe("without a survey", () => {
  test("relayed at once; the position is learned, and a later jump stops it, also over sessions and restarts", () => {
    const b = open(null);
    expect(b.guard.frame(OBSERVATION, T0)).toBe("pass");
    expect(b.guard.frame(frame1006(), T0)).toBe("pass");
    expect(b.guard.truth()).toMatchObject({ state: "unsurveyed", offSurveyM: 0 });
    expect(b.guard.frame(frame1005(moved(0.006)), T0 + 1)).toBe("pass");
    expect(b.guard.frame(frame1005(moved(0.009)), T0 + 2)).toBe("pass");
    const memory = b.memory();
    b.guard.sessionEnded(T0 + 3);
    b.guard.sessionStarted(T0 + 4);
    expect(b.guard.frame(OBSERVATION, T0 + 4)).toBe("pass");
    expect(b.guard.frame(frame1005(moved(0.012)), T0 + 5)).toBe("stop"); // creeping counts from what was learned
    expect(b.codes()).toEqual(["arp-learned", "arp-jumped"]);

    const after = open(null, { memory });
    expect(after.guard.frame(OBSERVATION, T0)).toBe("pass");
    expect(after.guard.frame(frame1005(moved(5)), T0)).toBe("stop");
  });

  test("once staff confirm, the new position is learned", () => {
    const b = open(null);
    b.guard.frame(frame1006(), T0);
    b.guard.frame(frame1005(moved(2)), T0 + 1);
    surveyed(b, null, { ...NOTHING, confirmedAtMs: T0 + 2 }, T0 + 3);
    expect(b.guard.frame(OBSERVATION, T0 + 4)).toBe("pass");
    expect(b.guard.frame(frame1005(moved(2)), T0 + 5)).toBe("pass");
    expect(b.guard.frame(frame1006(), T0 + 6)).toBe("stop");
  });

  test("an empty position is not relayed; the rest is, and one alarm is raised", () => {
    const b = open(null);
    const empty = frame1005({ xM: 0, yM: 0, zM: 0 });
    expect([b.guard.frame(empty, T0), b.guard.frame(OBSERVATION, T0), b.guard.frame(empty, T0 + 1)]).toEqual(["hold", "pass", "hold"]);
    expect(b.codes()).toEqual(["arp-empty"]);
    b.guard.frame(frame1006(), T0 + 2);
    expect(b.guard.frame(empty, T0 + 3)).toBe("stop");
  });

  test("a survey that comes later is compared at once", () => {
    const b = open(null);
    b.guard.frame(frame1006(), T0);
    surveyed(b, moved(0.002), NOTHING, T0 + 1);
    expect(b.guard.state).toBe("passing");
    surveyed(b, null, NOTHING, T0 + 2);
    expect(b.guard.state).toBe("unsurveyed");
    expect(b.guard.frame(frame1005(moved(3)), T0 + 3)).toBe("stop");
  });
});

describe("staff", () => {
  test("stop a base and start it again", () => {
    const b = open(ARP);
    b.guard.frame(frame1006(), T0);
    surveyed(b, ARP, { ...NOTHING, stoppedAtMs: T0 + 1 }, T0 + 2);
    expect([b.guard.frame(OBSERVATION, T0 + 2), b.guard.truth().reason?.code]).toEqual(["stop", "staff-stopped"]);
    surveyed(b, ARP, NOTHING, T0 + 3);
    expect(b.guard.frame(OBSERVATION, T0 + 3)).toBe("pass");
    expect(b.codes()).toEqual(["staff-stopped", "staff-started"]);
  });

  test("starting lifts no stop of the guard", () => {
    const b = open(ARP, { orders: { ...NOTHING, stoppedAtMs: T0 - 1 } });
    b.guard.frame(frame1005(moved(1)), T0);
    surveyed(b, ARP, NOTHING, T0 + 1);
    expect(b.guard.decision).toBe("stop");
    expect(b.codes()).toEqual(["arp-off-survey", "staff-started"]);
  });

  const RECHECKED = { ...NOTHING, recheckedAtMs: T0 + 1000 };
  const recheck = (evidence: { bumped: boolean; singlePoint: BaseTruth["singlePoint"]["state"] }, orders: GuardOrders = RECHECKED, fresh = true): Bench => {
    const b = open(ARP);
    b.guard.frame(frame1006(), T0);
    surveyed(b, ARP, RECHECKED, T0 + 1000);
    expect([b.guard.truth().confirmed, b.guard.decision]).toEqual([false, "pass"]);
    surveyed(b, ARP, orders, T0 + 1001);
    if (fresh) b.guard.frame(frame1006(), T0 + 2000);
    b.guard.tick(evidence, T0 + 15_000);
    if (orders === RECHECKED) expect(b.guard.truth().confirmed).toBe(false);
    b.guard.tick(evidence, T0 + 16_000);
    return b;
  };

  test("a recheck of all bases is passed by a fresh position and no witness against it, and stays passed over a restart", () => {
    const b = recheck(QUIET);
    expect(b.guard.truth().confirmed).toBe(true);
    expect(b.codes()).toEqual(["recheck-due", "recheck-passed"]);
    const after = open(ARP, { memory: b.memory(), orders: RECHECKED });
    expect(after.guard.truth().confirmed).toBe(true);
    surveyed(after, ARP, { ...NOTHING, recheckedAtMs: T0 + 20_000 }, T0 + 20_000);
    expect(after.guard.truth().confirmed).toBe(false);
  });

  test.each([
    ["no fresh position", QUIET, false],
    ["a moved mast", { bumped: true, singlePoint: "agrees" }, true],
    ["another place by single points", { bumped: false, singlePoint: "contradicts" }, true],
  ] as const)("%s: not passed", (_, evidence, fresh) => {
    expect(recheck(evidence, RECHECKED, fresh).guard.truth().confirmed).toBe(false);
  });

  test("staff who confirm after it outweigh the single points", () => {
    const b = recheck({ bumped: false, singlePoint: "contradicts" }, { ...RECHECKED, confirmedAtMs: T0 + 1001 });
    expect(b.guard.truth().confirmed).toBe(true);
  });

  test("a lost memory is told, and the base is checked anew", () => {
    const b = open(ARP, { lost: true });
    b.guard.frame(frame1006(), T0 + 1);
    expect(b.guard.truth()).toMatchObject({ state: "passing", confirmed: false });
    expect(open(ARP, { memory: b.memory(), atMs: T0 + 5 }).guard.truth().confirmed).toBe(false);
    b.guard.tick(QUIET, T0 + 15_000);
    expect(b.guard.truth().confirmed).toBe(true);
    expect(b.codes()).toEqual(["guard-memory-lost", "recheck-due", "recheck-passed"]);
  });
});

describe("what a base is made of", () => {
  const made = (receiver: string, antenna: string, firmware = "1") => {
    const message = decodeMessage(frame1033()) as Extract<ReturnType<typeof decodeMessage>, { kind: "1033" }>;
    return encodeMessage({ ...message, receiver, antenna, firmware });
  };

  test("another antenna, receiver or firmware is told once, also over a restart, and stops nothing", () => {
    const b = open(null);
    expect(b.guard.frame(made("A", "X"), T0)).toBe("pass");
    expect(b.guard.frame(made("A", ""), T0 + 1)).toBe("pass"); // empty says nothing
    expect(b.events).toEqual([]);
    const after = open(null, { memory: b.memory() });
    expect(after.guard.frame(made("B", "Y"), T0)).toBe("pass");
    after.guard.frame(made("B", "Y", "2"), T0 + 1);
    after.guard.frame(made("B", "Y", "2"), T0 + 2);
    expect(after.events.map((e) => [e.severity, e.en])).toEqual([
      ["alarm", 'Base antenna changed from "X" to "Y"'],
      ["alarm", 'Base receiver changed from "A" to "B"'],
      ["warning", 'Base firmware changed from "1" to "2"'],
    ]);
  });

  test("stations that take turns do not fill the log", () => {
    const b = open(null);
    for (let s = 0; s < 60; s += 1) b.guard.frame(made(s % 2 ? "A" : "B", "X"), T0 + s * 1000);
    expect(b.events).toHaveLength(1);
  });
});

test("a network has no position of its own", () => {
  const b = open(null, { kind: "network" });
  expect([b.guard.frame(OBSERVATION, T0), b.guard.frame(frame1006(), T0), b.guard.frame(frame1005(moved(9000)), T0)]).toEqual(["pass", "pass", "pass"]);
  expect(b.guard.truth()).toMatchObject({ state: "passing", confirmed: true, offSurveyM: null });
});

test("each sentence fits a 1029 in both languages", () => {
  const numbers = { offSurvey: 9_999.4, jumped: 12_742_000, bumped: 99.99, missing: 600, tooFar: 12_742 };
  for (const [name, word] of Object.entries(GUARD_WORDS)) {
    if (name === "descriptorChanged") continue; // names are as long as a sender likes; they go to the log only
    const sentence =
      typeof word === "function" ? (word as (n: number) => { ja: string; en: string; code: string })(numbers[name as keyof typeof numbers]) : word;
    const said = decodeMessage(notice1029(spoken(sentence), { stationId: 0, nowMs: T0 }));
    expect(said).toMatchObject({ text: spoken(sentence) });
  }
});

test("whatever comes, in any order: no throw, and once stopped only staff start it", () => {
  const frames = [frame1006(), frame1005(moved(1)), frame1005({ xM: 0, yM: 0, zM: 0 }), OBSERVATION, FILLER, frame1033(), frameOf(Uint8Array.of(0x3e, 0xd0))];
  const step = fc.oneof(fc.nat(frames.length - 1), fc.constantFrom("session", "end", "tick", "bump", "survey", "unsurvey", "restart"));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let b = open(ARP);
      let stopped = false;
      steps.forEach((what, i) => {
        const nowMs = T0 + 1000 * i;
        if (typeof what === "number") b.guard.frame(frames[what] as Uint8Array, nowMs);
        else if (what === "session") b.guard.sessionStarted(nowMs);
        else if (what === "end") b.guard.sessionEnded(nowMs);
        else if (what === "tick") b.guard.tick(QUIET, nowMs);
        else if (what === "bump") b.guard.bumped(0.02, nowMs);
        else if (what === "survey") surveyed(b, ARP, NOTHING, nowMs);
        else if (what === "unsurvey") surveyed(b, null, NOTHING, nowMs);
        else b = open(ARP, { memory: b.memory(), atMs: nowMs });
        if (stopped) expect(b.guard.decision).toBe("stop");
        stopped ||= b.guard.state === "stopped";
      });
    }),
  );
});

describeNeeding(["shared"], "no false stop on real captures", () => {
  test.each(CAPTURES)("%s", (name) => {
    const { frames, truth } = readCapture(name);
    const station = truth.stations?.[0];
    const own = station === undefined ? null : { xM: Number(station["x"]), yM: Number(station["y"]), zM: Number(station["z"]) };
    for (const survey of own === null ? [null] : [null, own]) {
      const b = open(survey);
      for (const round of [0, 1]) {
        for (const frame of frames) b.guard.frame(frame, T0 + round);
        b.guard.sessionEnded(T0 + 2);
        b.guard.sessionStarted(T0 + 2);
      }
      for (const frame of frames) b.guard.frame(frame, T0 + 3);
      expect(b.guard.state).toBe(survey === null ? "unsurveyed" : "passing");
      expect(b.codes()).toEqual(survey === null && own !== null ? ["arp-learned"] : []);
    }
  });
});

import { describe, expect, test } from "vitest";
import { THRESHOLDS } from "../../correction-relay/thresholds.ts";
import { type Evidence, judge } from "../../correction-relay/verdict.ts";
import { type Sky, SyntheticBase } from "./synthetic-base.ts";

const T0 = Date.UTC(2026, 10, 23, 3);
const FULL: Sky = { systems: { GPS: 9, GLONASS: 7, GALILEO: 8, QZSS: 3, BEIDOU: 10 } };
const without = (...gone: string[]): Sky => ({ ...FULL, systems: Object.fromEntries(Object.entries(FULL.systems).filter(([name]) => !gone.includes(name))) });

function tenMinutes(sky: Sky = FULL): SyntheticBase {
  const base = new SyntheticBase(T0);
  base.send(660, sky);
  return base;
}

describe("a base that sends well", () => {
  test("is good after ten minutes, and not before", () => {
    const base = new SyntheticBase(T0);
    expect(base.truth()).toMatchObject({ verdict: "insufficient", findings: [], medianCnrDbHz: null });
    base.send(590, FULL);
    expect(base.truth().verdict).toBe("insufficient");
    base.send(20, FULL);
    expect(base.truth()).toMatchObject({ verdict: "good", medianCnrDbHz: 45 });
    expect(base.says()).toEqual([]);
    expect(base.monitor.softFault(base.nowMs)).toBeNull();
    expect(base.monitor.satellitesForRtk(base.nowMs)).toBe(9 + 3 + 7 + 8 + 10 - 3);
  });

  test("a base that never came has nothing to be judged by; one that went is bad", () => {
    const base = tenMinutes();
    base.monitor.disconnected();
    base.quiet(7);
    expect(base.says()).toEqual([]); // it may be back at once
    base.quiet(1);
    expect(base.says()).toEqual(["fault base-absent"]);
    expect(base.truth().verdict).toBe("bad");
    base.connect();
    base.quiet(8);
    expect(base.says()).toContain("fault base-silent");
  });
});

describe("against what this base has delivered before", () => {
  test("a system that was there for ten minutes and is gone for ten seconds is lost", () => {
    const base = tenMinutes();
    base.send(9, without("BEIDOU"));
    expect(base.says()).toEqual([]);
    base.send(2, without("BEIDOU"));
    expect(base.says()).toEqual(["fault system-lost"]);
    expect(base.monitor.softFault(base.nowMs)).toMatchObject({ code: "system-lost", en: "All BeiDou satellites are gone" });
    base.send(2, FULL);
    expect(base.says()).toEqual([]);
  });

  test("what was never there for ten minutes is not missed, nor is a single satellite that sets", () => {
    const base = new SyntheticBase(T0);
    base.send(500, FULL);
    base.send(200, without("BEIDOU"));
    expect(base.says()).toEqual([]);
    const alone = tenMinutes({ systems: { ...FULL.systems, QZSS: 1 } });
    alone.send(60, without("QZSS"));
    expect(alone.says()).toEqual([]);
  });

  test("a receiver that starts again has a minute to find its systems; then they are missed, also after a restart of the relay", () => {
    const base = tenMinutes();
    const last = base.monitor.last;
    base.connect();
    base.send(55, without("GALILEO"));
    expect(base.monitor.softFault(base.nowMs)).toBeNull();
    base.send(10, without("GALILEO"));
    expect(base.monitor.softFault(base.nowMs)?.code).toBe("system-lost");

    const after = new SyntheticBase(T0);
    after.monitor.restore(last, T0);
    after.send(65, without("GALILEO"));
    expect(after.monitor.softFault(after.nowMs)?.en).toContain("Galileo");
  });

  test("a silent base has not lost its systems", () => {
    const base = tenMinutes();
    base.quiet(30);
    expect(base.says()).toEqual(["fault base-silent"]);
    expect(base.monitor.softFault(base.nowMs)).toBeNull();
  });

  test("after a day it was switched off on purpose", () => {
    const base = tenMinutes();
    base.quiet(86_400);
    base.send(5, without("BEIDOU"));
    expect(base.says()).not.toContain("fault system-lost");
  });

  test("half of a system's satellites", () => {
    const base = tenMinutes();
    base.send(240, { systems: { ...FULL.systems, GPS: 3 } });
    expect(base.says()).toEqual(["warning satellites-fell"]);
  });

  test("a fall of the signals: 3 dB a warning, 6 dB a fault, in ten seconds; another set of systems is no fall", () => {
    const base = tenMinutes();
    base.send(11, { ...FULL, cnrDbHz: 41 });
    expect(base.says()).toEqual(["warning signal-fell"]);
    expect(base.monitor.softFault(base.nowMs)).toBeNull();
    base.send(11, { ...FULL, cnrDbHz: 38 });
    expect(base.says()).toEqual(["fault signal-fell"]);
    expect(base.monitor.softFault(base.nowMs)?.code).toBe("signal-fell");

    const young = new SyntheticBase(T0);
    young.send(300, FULL);
    young.send(60, { ...FULL, cnrDbHz: 38 });
    expect(young.says()).toEqual([]);
  });
});

describe("stability", () => {
  test("reconnects of the last hour: one to watch, four are bad; an hour later forgotten", () => {
    const base = tenMinutes();
    base.connect();
    base.send(70, FULL);
    expect(base.says()).toEqual(["warning reconnects"]);
    for (let i = 0; i < 3; i += 1) {
      base.connect();
      base.send(30, FULL);
    }
    expect(base.says()).toEqual(["fault reconnects"]);
    base.send(3700, FULL);
    expect(base.says()).toEqual([]);
  });

  test("epochs that are missing", () => {
    const base = tenMinutes();
    for (let i = 0; i < 60; i += 1) {
      base.send(1, FULL);
      base.quiet(1);
    }
    base.send(1, FULL);
    expect(base.says()).toEqual([]); // 60 of 780
    for (let i = 0; i < 60; i += 1) {
      base.send(3, FULL);
      base.quiet(4);
    }
    base.send(1, FULL);
    expect(base.says()).toEqual(["warning epochs-missing"]);
  });

  test("epochs in disorder, and twice", () => {
    const base = tenMinutes();
    for (let i = 0; i < 3; i += 1) {
      base.send(1, FULL, -700); // of the next second
      base.send(1, FULL, 1300);
      base.send(4, FULL);
    }
    expect(base.says()).toEqual(["warning out-of-order"]);

    const twice = tenMinutes();
    for (let i = 0; i < 3; i += 1) {
      twice.send(1, without());
      twice.nowMs -= 1000;
      twice.send(1, without());
    }
    expect(twice.says()).toEqual(["warning duplicates"]);
  });

  test("locks that fall", () => {
    const base = tenMinutes();
    for (let i = 0; i < 60; i += 1) base.send(1, { ...FULL, lockIndicator: i % 2 ? 500 : 100 });
    expect(base.says()).toEqual(["warning slips"]);
    expect(base.truth().findings[0]?.value).toBeGreaterThan(THRESHOLDS.slipsPerSatelliteHour.warning);
  });

  test("half cycles that stay unresolved", () => {
    const base = tenMinutes({ ...FULL, halfCycle: true });
    expect(base.says()).toEqual(["fault half-cycles"]);
  });

  test("damaged frames of the last minute, and of no other", () => {
    const base = tenMinutes();
    base.crcFailures = 2;
    base.send(1, FULL);
    expect(base.says()).toEqual([]);
    base.crcFailures = 10;
    base.send(1, FULL);
    expect(base.says()).toEqual(["fault crc-failures"]);
    expect(base.monitor.softFault(base.nowMs)?.code).toBe("crc-failures");
    base.send(61, FULL);
    expect(base.says()).toEqual([]);
  });
});

describe("latency", () => {
  test("judged where our clock can be trusted, and nowhere else", () => {
    const base = new SyntheticBase(T0);
    base.send(120, without("GLONASS"), 2000);
    expect(base.says()).toEqual(["warning latency"]);
    expect(base.truth("unknown").findings.map((f) => f.code)).toEqual(["clock-unknown"]);
    expect(base.truth("off").findings.map((f) => f.code)).toEqual(["clock-off"]);
    base.send(120, without("GLONASS"), 5000);
    expect(base.says()).toEqual(["fault latency"]);
    expect(base.monitor.leastLatencyMs(base.nowMs)).toBeCloseTo(5000, -2);
  });

  test("a recording is one, and has no latency", () => {
    const base = new SyntheticBase(T0);
    base.send(120, without("GLONASS"), 3_600_000);
    expect(base.truth().findings.map((f) => f.code)).toEqual(["not-now"]);
    expect(base.monitor.leastLatencyMs(base.nowMs)).toBeNull();
  });
});

describe("the minute's record", () => {
  test("each minute once, with what happened in it", () => {
    const base = new SyntheticBase(T0);
    const rows = [];
    for (let s = 0; s < 185; s += 1) {
      base.send(1, FULL);
      const row = base.monitor.minuteRecord({ baseId: "misato1", verdict: base.truth().verdict, nowMs: base.nowMs });
      if (row !== null) rows.push(row);
    }
    expect(rows.map((row) => [row.at, row.epochs])).toEqual([
      ["2026-11-23T03:00:00.000Z", 59],
      ["2026-11-23T03:01:00.000Z", 60],
      ["2026-11-23T03:02:00.000Z", 60],
    ]);
    expect(rows[1]).toMatchObject({
      baseId: "misato1",
      missedEpochs: 0,
      reconnects: 0,
      slips: 0,
      satelliteS: 37 * 60,
      satellites: FULL.systems,
      medianCnrDbHz: 45,
      latencyMedianMs: 300,
      latencyP95Ms: 300,
      verdict: "insufficient",
    });
    expect(rows[1]?.bytes).toBeGreaterThan(10_000);
  });
});

test("findings come worst first", () => {
  const nothing = Object.fromEntries(Object.keys(THRESHOLDS).map((name) => [name, null])) as Evidence["measured"];
  const evidence: Evidence = {
    observedS: 3600,
    state: "sending",
    quietS: 0,
    measured: { ...nothing, arpAgeS: 31, crcShare: 0.5 },
    lostSystems: ["QZSS"],
    fewSatellites: [],
    movingBaseMessage: true,
    computedStation: true,
    glonassWithoutBias: true,
    qzssMissing: true,
    foreignBytes: false,
    notNow: false,
    clock: "trusted",
  };
  expect(judge(evidence).findings.map((f) => f.code)).toEqual([
    "crc-failures",
    "system-lost",
    "arp-rare",
    "moving-base-message",
    "computed-station",
    "no-1230",
    "no-qzss",
  ]);
  const calm = { ...evidence, measured: nothing, lostSystems: [], movingBaseMessage: false, computedStation: false };
  expect(judge(calm).verdict).toBe("good"); // a hint is no fault
  expect(judge({ ...calm, observedS: 599 }).verdict).toBe("insufficient");
});

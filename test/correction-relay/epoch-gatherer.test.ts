import fc from "fast-check";
import { epochOf } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { EpochGatherer, type Unit } from "../../correction-relay/epoch-gatherer.ts";
import { FILLER, frame1006, msm } from "./support.ts";

/** Turns and time are moved by hand. */
function bench(gatherBytes = 65_536) {
  const units: Unit[] = [];
  const turns: (() => void)[] = [];
  const timers = new Set<() => void>();
  const gatherer = new EpochGatherer({
    gatherMs: 30,
    gatherBytes,
    send: (unit) => void units.push(unit),
    turns: {
      endOfTurn: (callback) => void turns.push(callback),
      after: (_, callback) => {
        timers.add(callback);
        return () => timers.delete(callback);
      },
    },
  });
  return {
    gatherer,
    units,
    read: (...frames: Uint8Array[]) => {
      for (const frame of frames) gatherer.accept(frame, epochOf(frame), 1000);
    },
    endTurn: () => {
      for (const callback of turns.splice(0)) callback();
    },
    timeIsOver: () => {
      for (const callback of [...timers]) callback();
    },
    timers,
  };
}

const GPS = (ms: number, announced: boolean) => msm(1077, ms, { announced });
const GLO = (ms: number, announced: boolean) => msm(1087, ms, { announced });
const bytes = (...frames: Uint8Array[]) => Buffer.concat(frames);

describe("gathering an epoch", () => {
  test("pieces of an epoch over several turns leave in one write, when no more is announced", () => {
    const b = bench();
    b.read(GPS(1000, true));
    b.endTurn();
    expect(b.units).toEqual([]);
    b.read(GLO(500, false));
    expect(b.units).toEqual([]);
    b.endTurn();
    expect(b.units).toEqual([{ bytes: bytes(GPS(1000, true), GLO(500, false)), kind: "epoch", arrivedAtMs: 1000 }]);
    expect(b.timers.size).toBe(0);
  });

  test("1230 behind the closing message, read in the same turn, goes along (F9P)", () => {
    const b = bench();
    b.read(frame1006(), GPS(1000, false), FILLER);
    b.endTurn();
    expect(b.units.map((u) => Buffer.from(u.bytes))).toEqual([bytes(frame1006(), GPS(1000, false), FILLER)]);
  });

  test("other frames leave at the end of the turn when no epoch is open, and join when one is", () => {
    const b = bench();
    b.read(frame1006());
    b.endTurn();
    expect(b.units.map((u) => u.kind)).toEqual(["other"]);
    b.read(GPS(1000, true));
    b.endTurn();
    b.read(FILLER);
    b.endTurn();
    expect(b.units).toHaveLength(1);
    b.read(GLO(500, false));
    b.endTurn();
    expect(Buffer.from(b.units[1]?.bytes ?? [])).toEqual(bytes(GPS(1000, true), FILLER, GLO(500, false)));
  });

  test("a new time closes the epoch before it, also inside a turn", () => {
    const b = bench();
    b.read(GPS(1000, true), GLO(500, true), GPS(2000, true));
    expect(b.units.map((u) => Buffer.from(u.bytes))).toEqual([bytes(GPS(1000, true), GLO(500, true))]);
    b.timeIsOver();
    expect(Buffer.from(b.units[1]?.bytes ?? [])).toEqual(Buffer.from(GPS(2000, true)));
  });

  test("time is up 30 ms after the first frame; what comes late leaves at the end of its turn", () => {
    const b = bench();
    b.read(GPS(1000, true));
    b.endTurn();
    b.timeIsOver();
    expect(b.units).toHaveLength(1);
    b.read(GPS(1000, false));
    b.endTurn();
    expect(b.units).toHaveLength(2);
    expect(b.timers.size).toBe(0);
  });

  test("BeiDou in GPS time (a station of 2012) does not tear the epoch apart", () => {
    const b = bench();
    b.read(GPS(604_784_000, true), msm(1127, 604_784_000, { announced: false }));
    b.endTurn();
    b.read(GPS(604_785_000, true), msm(1127, 604_785_000, { announced: false }));
    b.endTurn();
    expect(b.units).toHaveLength(2);
  });

  test("too much to gather leaves at once", () => {
    const b = bench(50);
    b.read(GPS(1000, true), GLO(500, true));
    expect(b.units).toHaveLength(1);
  });

  test("any stream in any turns: every byte leaves, once, in order", () => {
    const frame = fc.oneof(
      fc.constant(FILLER),
      fc.constant(frame1006()),
      fc
        .record({ type: fc.constantFrom(1077, 1087, 1127), ms: fc.nat(5).map((n) => n * 1000), announced: fc.boolean() })
        .map(({ type, ms, announced }) => msm(type, ms, { announced })),
    );
    const step = fc.oneof({ weight: 4, arbitrary: frame }, { weight: 1, arbitrary: fc.constantFrom("turn" as const, "time" as const) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const b = bench(200);
        for (const s of steps) {
          if (s === "turn") b.endTurn();
          else if (s === "time") b.timeIsOver();
          else b.read(s);
        }
        b.gatherer.flush();
        const sent = steps.filter((s) => typeof s !== "string");
        expect(bytes(...b.units.map((u) => u.bytes))).toEqual(bytes(...sent));
        expect(b.timers.size).toBe(0);
      }),
    );
  });
});

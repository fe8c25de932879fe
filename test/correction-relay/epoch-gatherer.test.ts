import fc from "fast-check";
import { epochOf, epochUnixMs, frameOf } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { EpochGatherer, type Unit } from "../../correction-relay/epoch-gatherer.ts";
import { FILLER, frame1006, msm } from "./support.ts";

/** Turns and time are moved by hand. */
function bench(gatherBytes = 65_536) {
  const units: Unit[] = [];
  const clock = { nowMs: 1000 };
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
    clock,
    read: (...frames: Uint8Array[]) => {
      for (const frame of frames) gatherer.accept(frame, epochOf(frame), clock.nowMs);
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
/** Head of 1004 or 1012 as far as the sync flag: type 12 bits, station id 12, epoch 30 or 27, flag 1. */
function observation(type: 1004 | 1012, epochMs: number, announced: boolean): Uint8Array {
  const epochBits = type === 1004 ? 30 : 27;
  const bits = (((BigInt(type) << 12n) << BigInt(epochBits)) | BigInt(epochMs)) << 1n;
  const width = 12 + 12 + epochBits + 1;
  const padded = (bits | (announced ? 1n : 0n)) << BigInt(64 - width);
  return frameOf(Buffer.from(padded.toString(16).padStart(16, "0"), "hex"));
}
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
    expect(b.units).toEqual([
      {
        bytes: bytes(GPS(1000, true), GLO(500, false)),
        frames: [GPS(1000, true), GLO(500, false)],
        kind: "epoch",
        epochNumber: 1,
        arrivedAtMs: 1000,
        epochUnixMs: epochUnixMs({ constellation: "GPS", epochRaw: 1000 }, 1000),
        last: true,
        keeps: [],
      },
    ]);
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
    expect(b.units).toMatchObject([{ kind: "other", epochNumber: 0, epochUnixMs: null, last: true, keeps: ["1006"] }]);
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
    expect(b.units).toMatchObject([
      { epochNumber: 1, last: false },
      { epochNumber: 1, last: true },
    ]);
    expect(b.timers.size).toBe(0);
  });

  test("MSM that follow the closing legacy message of the same time are one epoch with it, in one write (rtkbase)", () => {
    const legacy = (type: 1004 | 1012, announced: boolean) => observation(type, type === 1004 ? 1000 : 500, announced);
    const b = bench();
    b.read(legacy(1004, true), legacy(1012, false), GPS(1000, true));
    b.endTurn();
    expect(b.units).toEqual([]);
    b.read(GLO(500, false));
    b.endTurn();
    expect(b.units).toMatchObject([{ epochNumber: 1, last: true, bytes: bytes(legacy(1004, true), legacy(1012, false), GPS(1000, true), GLO(500, false)) }]);
    b.read(legacy(1004, false));
    b.endTurn();
    b.clock.nowMs += 10;
    b.read(GPS(1000, true));
    b.endTurn();
    b.read(GLO(500, false));
    b.endTurn();
    expect(b.units.map((u) => [u.epochNumber, Buffer.from(u.bytes).length])).toEqual([
      [1, b.units[0]?.bytes.length],
      [1, legacy(1004, false).length],
      [1, bytes(GPS(1000, true), GLO(500, false)).length],
    ]);
  });

  test("a constellation that comes after the closing message belongs to the epoch of its time", () => {
    const b = bench();
    const glonassMs = 3 * 3_600_000 - 18_000; // GPS time of week 0 in UTC + 3 h
    b.read(GPS(0, false));
    b.endTurn();
    b.read(GLO(glonassMs, false));
    b.endTurn();
    b.read(GPS(1000, false));
    b.endTurn();
    b.read(GLO(glonassMs + 1000, false));
    b.endTurn();
    expect(b.units.map((u) => u.epochNumber)).toEqual([1, 1, 2, 2]);
  });

  test("a base that never says the last message: the time is over, and what follows is a new epoch", () => {
    const b = bench();
    for (const ms of [1000, 2000]) {
      b.read(GPS(ms, true), GLO(ms, true));
      b.endTurn();
      b.timeIsOver();
    }
    expect(b.units).toMatchObject([
      { epochNumber: 1, last: false },
      { epochNumber: 2, last: false },
    ]);
    b.read(GPS(3000, true), GPS(4000, false));
    b.endTurn();
    expect(b.units.slice(2)).toMatchObject([
      { epochNumber: 3, last: true },
      { epochNumber: 4, last: true },
    ]);
  });

  test("who joins is told which epoch has begun to leave", () => {
    const b = bench();
    b.read(GPS(1000, true));
    expect(b.gatherer.sentEpochNumber).toBe(0);
    b.endTurn();
    b.timeIsOver();
    expect(b.gatherer.sentEpochNumber).toBe(1);
    b.read(GPS(2000, true));
    expect(b.gatherer.sentEpochNumber).toBe(1);
    b.read(frame1006());
    b.endTurn();
    expect(b.gatherer.sentEpochNumber).toBe(1);
  });

  test("what is discarded never leaves, and nothing is left of it", () => {
    const b = bench();
    b.read(GPS(1000, true), frame1006());
    expect(b.gatherer.discard()).toBe(2);
    expect(b.timers.size).toBe(0);
    b.endTurn();
    b.timeIsOver();
    expect(b.units).toEqual([]);
    expect(b.gatherer.discard()).toBe(0);
    b.read(GPS(2000, false));
    b.endTurn();
    expect(b.units).toMatchObject([{ bytes: GPS(2000, false), epochNumber: 2, last: true, keeps: [] }]);
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
        expect(b.units.flatMap((u) => u.frames)).toEqual(sent);
        const numbers = b.units.map((u) => u.epochNumber).filter((n) => n !== 0);
        expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
        for (const unit of b.units) expect(unit.kind === "epoch" ? unit.epochNumber : 1).toBeGreaterThan(0);
        expect(b.timers.size).toBe(0);
      }),
    );
  });
});

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { Unit } from "../../correction-relay/epoch-gatherer.ts";
import { LIMITS } from "../../correction-relay/limits.ts";
import { RoverSession } from "../../correction-relay/rover.ts";
import { StationCache } from "../../correction-relay/station-cache.ts";
import { FILLER, frame1006, frame1033, msm, roverOf } from "./support.ts";

/** A socket whose kernel takes as much as it is told to. */
class Line extends EventEmitter {
  readonly remoteAddress = "192.0.2.1";
  readonly written: Buffer[] = [];
  writableLength = 0;
  writableEnded = false;
  destroyed = false;
  reset = false;
  full = false; // the kernel takes nothing more

  write(bytes: Uint8Array): boolean {
    this.written.push(Buffer.from(bytes));
    if (this.full) this.writableLength += bytes.length;
    return !this.full;
  }
  end(): void {
    this.writableEnded = true;
  }
  resume(): void {}
  resetAndDestroy(): void {
    this.reset = true;
    this.destroyed = true;
    this.emit("close");
  }
}

function bench(line = new Line()) {
  const clock = { nowMs: 1_000_000 };
  const closed: string[] = [];
  const cache = new StationCache();
  const session = new RoverSession({
    socket: line as unknown as Socket,
    rover: roverOf("tractor1"),
    agent: null,
    gga: [],
    limits: LIMITS,
    nowMs: () => clock.nowMs,
    onClosed: (_, reason) => void closed.push(reason),
  });
  const look = (bytes: number): number => session.noteUnsent(bytes, clock.nowMs);
  return { line, clock, closed, cache, session, look, deliver: (unit: Unit) => session.deliver(unit, cache, clock.nowMs) };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const EPOCH = Buffer.from(msm(1077, 1000, { announced: false }));
function unitOf(b: { clock: { nowMs: number } }, epochNumber: number, more: Partial<Unit> = {}): Unit {
  return {
    bytes: EPOCH,
    frames: [EPOCH],
    kind: epochNumber === 0 ? "other" : "epoch",
    epochNumber,
    arrivedAtMs: b.clock.nowMs,
    epochUnixMs: null,
    last: true,
    keeps: [],
    ...more,
  };
}
const other = (b: { clock: { nowMs: number } }, frame: Uint8Array, key: string): Unit => unitOf(b, 0, { bytes: frame, frames: [frame], keeps: [key] });

describe("age-bounded delivery", () => {
  test("what is older than 2 s is not handed to the kernel", () => {
    const b = bench();
    expect(b.deliver(unitOf(b, 1, { arrivedAtMs: b.clock.nowMs - 2000 }))).toBe("sent");
    expect(b.deliver(unitOf(b, 2, { arrivedAtMs: b.clock.nowMs - 2001 }))).toBe("skipped");
    expect(b.session.skippedEpochs).toBe(1);
  });

  test("who has not drained misses whole epochs, and gets none of the rest of one", () => {
    const b = bench();
    b.line.full = true;
    expect(b.deliver(unitOf(b, 1))).toBe("sent");
    expect(b.deliver(unitOf(b, 2, { last: false }))).toBe("skipped");
    b.line.full = false;
    b.line.writableLength = 0;
    expect(b.deliver(unitOf(b, 2))).toBe("skipped");
    expect(b.deliver(unitOf(b, 3))).toBe("sent");
    expect(b.session.skippedEpochs).toBe(1);
    expect(b.line.written).toHaveLength(2);
  });

  test("who joins in the middle of an epoch gets nothing of it but what must not be missed", () => {
    const b = bench();
    b.session.start(Buffer.from("ICY 200 OK\r\n\r\n"), "misato1", 7);
    b.cache.put(frame1006(), 0);
    expect(b.deliver(unitOf(b, 7, { keeps: ["1006"] }))).toBe("skipped");
    expect(b.session.skippedEpochs).toBe(0);
    expect(b.deliver(unitOf(b, 8))).toBe("sent");
    expect(b.line.written[1]).toEqual(Buffer.concat([frame1006(), EPOCH]));
  });

  test("what fell into skipped units goes with the next one, in one write, as it is now, ARP first", () => {
    const b = bench();
    b.line.full = true;
    b.deliver(unitOf(b, 1));
    for (const [frame, key] of [
      [frame1033(), "1033"],
      [frame1006(1), "1006"],
    ] as const) {
      b.cache.put(frame, b.clock.nowMs);
      expect(b.deliver(other(b, frame, key))).toBe("skipped");
    }
    b.cache.put(frame1006(2), b.clock.nowMs);
    b.line.full = false;
    b.line.writableLength = 0;
    b.deliver(unitOf(b, 2));
    expect(b.line.written[1]).toEqual(Buffer.concat([frame1006(2), frame1033(), EPOCH]));
    b.deliver(unitOf(b, 3));
    expect(b.line.written[2]).toEqual(EPOCH);
    expect(b.session.skippedEpochs).toBe(0);
  });

  test("what the next unit brings itself is not sent twice", () => {
    const b = bench();
    b.cache.put(frame1006(), 0);
    b.line.full = true;
    b.deliver(unitOf(b, 1));
    b.deliver(other(b, frame1006(), "1006"));
    b.line.full = false;
    b.line.writableLength = 0;
    b.deliver(other(b, frame1006(), "1006"));
    expect(b.line.written[1]).toEqual(Buffer.from(frame1006()));
  });

  test("on a switch the cached frames of the new base go before its first unit, and old debts and epochs are forgotten", () => {
    const b = bench();
    b.session.start(FILLER, "a");
    b.line.full = true;
    b.deliver(unitOf(b, 900));
    b.deliver(unitOf(b, 901, { keeps: ["1230"] }));
    b.line.full = false;
    b.line.writableLength = 0;
    b.cache.put(frame1033(), b.clock.nowMs);
    b.cache.put(frame1006(), b.clock.nowMs);
    b.session.switchTo("b", 4);
    expect(b.deliver(unitOf(b, 4))).toBe("skipped");
    expect(b.deliver(unitOf(b, 5))).toBe("sent");
    expect(b.line.written.at(-1)).toEqual(Buffer.concat([frame1006(), frame1033(), EPOCH]));
    b.session.switchTo("b");
    b.deliver(unitOf(b, 6));
    expect(b.line.written.at(-1)).toEqual(EPOCH);
  });

  test("a TLS socket takes what it is given at the end of the turn: several epochs read at once all go, a queue that stays does not grow", async () => {
    const b = bench(Object.assign(new Line(), { encrypted: true as const, full: true }));
    expect([b.deliver(unitOf(b, 1)), b.deliver(unitOf(b, 2))]).toEqual(["sent", "sent"]);
    await nextTurn();
    expect(b.deliver(unitOf(b, 3))).toBe("skipped");
    b.line.writableLength = 0;
    expect([b.deliver(unitOf(b, 4)), b.deliver(unitOf(b, 5))]).toEqual(["sent", "sent"]);
    b.line.writableLength += EPOCH.length; // more waits than was written in this turn
    expect(b.deliver(unitOf(b, 6))).toBe("skipped");
  });

  test("latencies of the last epoch; none from a recording", () => {
    const b = bench();
    const { nowMs } = b.clock;
    b.deliver(unitOf(b, 1, { arrivedAtMs: nowMs - 30, epochUnixMs: nowMs - 150 }));
    expect([b.session.relayLatencyMs, b.session.sendLatencyMs]).toEqual([30, 150]);
    b.deliver(unitOf(b, 2, { epochUnixMs: nowMs - 86_400_000 }));
    expect([b.session.relayLatencyMs, b.session.sendLatencyMs]).toEqual([0, null]);
  });
});

describe("the kernel's queue", () => {
  /** One epoch a second, a look at the kernel's queue 100 ms behind each. */
  function seconds(b: ReturnType<typeof bench>, count: number, unsentAfter: (sent: number) => number): string[] {
    return Array.from({ length: count }, () => {
      const result = b.deliver(unitOf(b, Math.floor(b.clock.nowMs / 1000)));
      b.clock.nowMs += 100;
      b.look(unsentAfter(b.line.written.length * EPOCH.length));
      b.session.tick(b.clock.nowMs);
      b.clock.nowMs += 900;
      return result;
    });
  }

  test("not drained for 2 s: no new epoch; 10 s: cut, with a reset and a reason", () => {
    const b = bench();
    expect(seconds(b, 3, () => 0)).toEqual(["sent", "sent", "sent"]);
    const before = b.line.written.length * EPOCH.length;
    expect(seconds(b, 10, (sent) => sent - before)).toEqual(["sent", "sent", "sent", ...Array.from({ length: 7 }, () => "skipped")]);
    expect(b.session.unsentBytes).toBe(3 * EPOCH.length);
    expect(b.session.gapsSince(0)).toBe(1);
    expect(b.line.reset).toBe(false);
    seconds(b, 1, (sent) => sent - before);
    expect([b.line.reset, b.closed]).toEqual([true, ["not reading"]]);
  });

  test("a mobile link on which the last second's bytes are always on their way misses nothing", () => {
    const b = bench();
    expect(seconds(b, 30, (sent) => Math.min(sent, 2 * EPOCH.length))).not.toContain("skipped");
    expect(b.session.gapsSince(0)).toBe(0);
  });

  test("at 20 Hz too: the age is that of the oldest byte that waits, however many were written", () => {
    const b = bench();
    const skippedWith = (unsentEpochs: number): number => {
      const before = b.session.skippedEpochs;
      for (let i = 0; i < 200; i += 1) {
        b.deliver(unitOf(b, Math.floor(b.clock.nowMs / 50)));
        b.clock.nowMs += 50;
        if (i % 20 === 19) b.look(unsentEpochs * EPOCH.length);
      }
      return b.session.skippedEpochs - before;
    };
    expect(skippedWith(30)).toBe(0); // 1.5 s
    expect(skippedWith(50)).toBeGreaterThan(100); // 2.5 s
  });

  test("it drains again: the next epoch goes", () => {
    const b = bench();
    seconds(b, 1, () => 0);
    expect(seconds(b, 6, (sent) => sent - EPOCH.length).slice(-2)).toEqual(["skipped", "skipped"]);
    b.look(0);
    expect(b.session.ready).toBe(true);
    expect(seconds(b, 2, () => 0)).toEqual(["sent", "sent"]);
    expect(b.session.gapsSince(0)).toBe(1);
  });

  test("life: GGA, or what was sent is seen to arrive; not our own writing", () => {
    const b = bench();
    const startMs = b.clock.nowMs;
    b.clock.nowMs += 5000;
    b.deliver(unitOf(b, 1));
    b.look(EPOCH.length);
    expect(b.session.lastSignOfLifeMs).toBe(startMs);
    b.look(0);
    expect(b.session.lastSignOfLifeMs).toBe(startMs + 5000);
    b.clock.nowMs += 5000;
    b.look(0);
    expect(b.session.lastSignOfLifeMs).toBe(startMs + 5000);
    b.session.receive(Buffer.from("$GPGGA,031500,3925.2,N,14033.0,E,4,08,1.5,100,M,38,M,,\r\n"));
    expect(b.session.lastSignOfLifeMs).toBe(startMs + 10_000);
    expect(b.session.position).toMatchObject({ latDeg: 39.42 });
  });

  test("where the kernel cannot be seen: what the process holds is life and death", () => {
    const b = bench();
    b.line.full = true;
    b.deliver(unitOf(b, 1));
    b.session.tick(b.clock.nowMs);
    expect(b.session.unsentBytes).toBeNull();
    b.clock.nowMs += 9999;
    b.session.tick(b.clock.nowMs);
    expect(b.line.reset).toBe(false);
    b.clock.nowMs += 1;
    b.session.tick(b.clock.nowMs);
    expect(b.closed).toEqual(["not reading"]);
  });

  test("a text for people waits for nobody: who has not drained does not get it", () => {
    const b = bench();
    expect(b.session.say(FILLER)).toBe("sent");
    b.line.full = true;
    b.session.say(FILLER);
    expect(b.session.say(FILLER)).toBe("skipped");
    expect(b.session.lastDataAtMs).toBe(b.session.connectedAtMs);
  });
});

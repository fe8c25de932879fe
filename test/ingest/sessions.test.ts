import { describe, expect, test } from "vitest";
import { type FoundFrame, type Frame, type FrameKey, placeFrame, placeJoin, type Session, type SessionReader } from "../../ingest/sessions.ts";

const MIN = 60_000;
const T0 = Date.UTC(2026, 5, 1);

/** Sessions and frames of one device in memory: the port as a plain object, with the writes that the pipeline makes. */
class Memory implements SessionReader {
  readonly kept = new Map<number, Session>();
  readonly frames: (FrameKey & FoundFrame)[] = [];
  sessions(): Session[] {
    return [...this.kept.values()].sort((a, b) => b.number - a.number);
  }
  framesLike(key: FrameKey): FoundFrame[] {
    return this.frames.filter((f) => same(f, key));
  }
  up(given: Omit<Frame, "uplinkSeq">): number | "duplicate" {
    const frame = { ...given, uplinkSeq: this.frames.length + 1 };
    const place = placeFrame(frame, this);
    if (place.kind === "duplicate") return "duplicate";
    this.kept.set(place.session.number, place.session);
    this.frames.push({ ...frame, session: place.session.number, timeSource: "network", receptions: [] });
    return place.session.number;
  }
  join(sessionKey: string | null, timeMs: number): void {
    const session = placeJoin({ sessionKey, timeMs }, this.sessions());
    if (session) this.kept.set(session.number, session);
  }
}
const same = (a: FrameKey, b: FrameKey): boolean => a.fCnt === b.fCnt && a.fPort === b.fPort && a.payloadHash === b.payloadHash;

type Step =
  | {
      readonly up: number;
      readonly atMin: number;
      readonly key?: string | null;
      readonly hash?: string;
      readonly port?: number;
      readonly is: number | "duplicate";
    }
  | { readonly join: string | null; readonly atMin: number };

describe.each<[string, readonly Step[]]>([
  [
    "counting up stays in one session",
    [
      { up: 0, atMin: 0, is: 1 },
      { up: 1, atMin: 30, is: 1 },
      { up: 7, atMin: 60, is: 1 },
    ],
  ],
  [
    "a copy at the same time is a duplicate",
    [
      { up: 5, atMin: 0, is: 1 },
      { up: 5, atMin: 0, is: "duplicate" },
    ],
  ],
  [
    "a copy 10 min apart still is",
    [
      { up: 5, atMin: 0, is: 1 },
      { up: 5, atMin: 10, is: "duplicate" },
    ],
  ],
  [
    "the same key more than 10 min apart is a new session",
    [
      { up: 5, atMin: 0, is: 1 },
      { up: 5, atMin: 10.1, is: 2 },
    ],
  ],
  [
    "… also when the earlier one comes last",
    [
      { up: 5, atMin: 20, is: 1 },
      { up: 5, atMin: 0, is: 2 },
    ],
  ],
  [
    "an old frame that comes again is no reset",
    [
      { up: 5, atMin: 0, is: 1 },
      { up: 6, atMin: 30, is: 1 },
      { up: 5, atMin: 1, is: "duplicate" },
      { up: 7, atMin: 60, is: 1 },
    ],
  ],
  [
    "a lower counter, later: reset",
    [
      { up: 90, atMin: 0, is: 1 },
      { up: 0, atMin: 30, is: 2 },
      { up: 1, atMin: 60, is: 2 },
    ],
  ],
  [
    "a lower counter, earlier: a late uplink of the same session",
    [
      { up: 90, atMin: 60, is: 1 },
      { up: 88, atMin: 0, is: 1 },
      { up: 91, atMin: 90, is: 1 },
    ],
  ],
  [
    "a late uplink of before the reset goes back there",
    [
      { up: 90, atMin: 0, is: 1 },
      { up: 95, atMin: 50, is: 1 },
      { up: 0, atMin: 60, is: 2 },
      { up: 93, atMin: 30, is: 1 },
    ],
  ],
  [
    "… and its copy is found there",
    [
      { up: 90, atMin: 0, is: 1 },
      { up: 0, atMin: 60, is: 2 },
      { up: 90, atMin: 0, is: "duplicate" },
    ],
  ],
  [
    "same counter, other payload: both count",
    [
      { up: 5, atMin: 0, is: 1 },
      { up: 5, atMin: 0, hash: "b", is: 1 },
      { up: 5, atMin: 0, hash: "b", is: "duplicate" },
    ],
  ],
  [
    "same counter, other port: both count",
    [
      { up: 5, atMin: 0, is: 1 },
      { up: 5, atMin: 0, port: 3, is: 1 },
    ],
  ],
  [
    "a changed devAddr is a new session",
    [
      { up: 5, atMin: 0, key: "a", is: 1 },
      { up: 0, atMin: 30, key: "b", is: 2 },
      { up: 1, atMin: 60, key: "b", is: 2 },
    ],
  ],
  [
    "the same frame under another devAddr is another frame",
    [
      { up: 0, atMin: 0, key: "a", is: 1 },
      { up: 0, atMin: 3, key: "b", is: 2 },
    ],
  ],
  [
    "a late uplink under the old devAddr goes back",
    [
      { up: 5, atMin: 0, key: "a", is: 1 },
      { up: 0, atMin: 30, key: "b", is: 2 },
      { up: 6, atMin: 15, key: "a", is: 1 },
      { up: 1, atMin: 60, key: "b", is: 2 },
    ],
  ],
  [
    "… and a copy of the new session's is still found",
    [
      { up: 0, atMin: 30, key: "b", is: 1 },
      { up: 6, atMin: 15, key: "a", is: 2 },
      { up: 0, atMin: 30, key: "b", is: "duplicate" },
    ],
  ],
  [
    "a null key changes nothing",
    [
      { up: 5, atMin: 0, key: "a", is: 1 },
      { up: 6, atMin: 30, key: null, is: 1 },
      { up: 7, atMin: 60, key: "a", is: 1 },
    ],
  ],
  [
    "a key that becomes known is taken",
    [
      { up: 5, atMin: 0, key: null, is: 1 },
      { up: 6, atMin: 30, key: "a", is: 1 },
      { up: 7, atMin: 60, key: "b", is: 2 },
    ],
  ],
  [
    "a join is a new session",
    [
      { up: 5, atMin: 0, key: "a", is: 1 },
      { join: "b", atMin: 20 },
      { up: 0, atMin: 21, key: "b", is: 2 },
    ],
  ],
  [
    "a join without a key too",
    [
      { up: 0, atMin: 0, is: 1 },
      { join: null, atMin: 2 },
      { up: 0, atMin: 3, is: 2 },
      { up: 0, atMin: 0, is: "duplicate" },
    ],
  ],
  [
    "a join told twice is one",
    [
      { join: "b", atMin: 0 },
      { join: "b", atMin: 0 },
      { up: 0, atMin: 1, key: "b", is: 1 },
    ],
  ],
  [
    "a join that its first frames overtook",
    [
      { up: 0, atMin: 1, key: "b", is: 1 },
      { join: "b", atMin: 0 },
      { up: 1, atMin: 31, key: "b", is: 1 },
    ],
  ],
  [
    "rejoining under the same key, later",
    [
      { join: "b", atMin: 0 },
      { up: 9, atMin: 30, key: "b", is: 1 },
      { join: "b", atMin: 60 },
      { up: 0, atMin: 61, key: "b", is: 2 },
    ],
  ],
])("%s", (_name, steps) => {
  test(steps.map((s) => ("join" in s ? `join ${s.join}` : `${s.up}@${s.atMin}`)).join(", "), () => {
    const device = new Memory();
    for (const step of steps) {
      if ("join" in step) {
        device.join(step.join, T0 + step.atMin * MIN);
        continue;
      }
      const frame = {
        devEui: "d",
        fCnt: step.up,
        fPort: step.port ?? 2,
        payloadHash: step.hash ?? "a",
        sessionKey: step.key ?? null,
        timeMs: T0 + step.atMin * MIN,
      };
      expect(device.up(frame)).toBe(step.is);
    }
  });
});

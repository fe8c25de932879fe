import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SnapshotJson } from "../../core/domain/api.ts";
import type { Answer } from "../../map-ui/live/api-client.ts";
import { LiveFeed, type LiveFeedPorts, type LiveStatus, type StreamEnd } from "../../map-ui/live/live-feed.ts";
import type { FieldEvent } from "../../map-ui/state/field.ts";
import { baseHealth, deviceState, fixtureSnapshot } from "./support/fixture-field.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-12T00:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Stream {
  readonly lastId: string | null;
  say(text: string): void;
  end(how: StreamEnd): void;
}

/** A server of plain objects: streams that the test speaks through. */
function rig(options: { answer?: () => Answer<SnapshotJson>; stream?: "quiet" | "refused" }) {
  const seen = { status: [] as LiveStatus[], since: [] as (string | null)[], events: [] as FieldEvent[], logIns: 0, streams: [] as Stream[] };
  const answer = options.answer ?? (() => ({ kind: "ok", value: { ...fixtureSnapshot(Date.now()), id: "100" } }));
  const ports: LiveFeedPorts = {
    nowMs: () => Date.now(),
    fetchSnapshot: async (since) => {
      seen.since.push(since);
      return answer();
    },
    readEvents: ({ lastId, signal, onText }) =>
      new Promise((resolve) => {
        if (options.stream === "refused") return resolve("failed");
        signal.addEventListener("abort", () => resolve("aborted"));
        seen.streams.push({ lastId, say: onText, end: resolve });
      }),
    onSnapshot: () => {},
    onEvents: (events) => seen.events.push(...events),
    onStatus: (status) => {
      if (seen.status.at(-1) !== status) seen.status.push(status);
    },
    onHeard: () => {},
    onLogIn: () => {
      seen.logIns += 1;
    },
  };
  const feed = new LiveFeed(ports);
  const done = feed.run();
  const stop = async () => {
    feed.stop();
    await vi.advanceTimersByTimeAsync(0);
    await done;
  };
  return { seen, feed, stop, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

const baseEvent = (id: string) => `id: ${id}\nevent: base\ndata: ${JSON.stringify(baseHealth(Date.now()))}\n\n`;

test("snapshot first, then the stream from its id; events arrive in batches", async () => {
  const { seen, pass, stop } = rig({});
  await pass(0);
  expect(seen.since).toEqual([null]);
  expect(seen.streams[0]?.lastId).toBe("100");
  seen.streams[0]?.say(baseEvent("101") + baseEvent("102"));
  expect(seen.events).toEqual([]);
  await pass(200);
  expect(seen.events).toHaveLength(2);
  expect(seen.status).toEqual(["starting", "live"]);
  await stop();
});

test("word of a device comes as an event", async () => {
  const { seen, pass, stop } = rig({});
  await pass(0);
  const state = deviceState("level-1", Date.now(), { state: "silent", cause: "device" });
  seen.streams[0]?.say(`id: 101\nevent: device\ndata: ${JSON.stringify(state)}\n\n`);
  await pass(200);
  expect(seen.events).toEqual([{ kind: "device", data: state }]);
  await stop();
});

test("a cut stream is resumed from the last event, with the snapshot of what was missed", async () => {
  const { seen, pass, stop } = rig({});
  await pass(0);
  seen.streams[0]?.say(baseEvent("105"));
  seen.streams[0]?.end("ended");
  await pass(1000);
  expect(seen.since).toEqual([null, "105"]);
  expect(seen.streams).toHaveLength(2);
  expect(seen.status).toEqual(["starting", "live"]); // one quick reconnection is not worth a word
  await stop();
});

test("a stream that falls mute is given up after 40 s; comments keep it alive", async () => {
  const { seen, pass, stop } = rig({});
  await pass(0);
  for (let i = 0; i < 10; i++) {
    await pass(15_000);
    seen.streams[0]?.say(": beat\n\n");
  }
  expect(seen.streams).toHaveLength(1);
  await pass(40_000);
  expect(seen.streams).toHaveLength(2);
  await stop();
});

test("a server that hangs is not said to be live: from the mute stream on, whatever else it leaves unanswered", async () => {
  let hung = false;
  const never = new Promise<never>(() => {});
  const seen: LiveStatus[] = [];
  const feed = new LiveFeed({
    nowMs: () => Date.now(),
    fetchSnapshot: async () => (hung ? never : { kind: "ok", value: { ...fixtureSnapshot(Date.now()), id: "100" } }),
    readEvents: ({ signal, onText }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve("aborted"));
        onText(": beat\n\n");
      }),
    onSnapshot: () => {},
    onEvents: () => {},
    onStatus: (status) => seen.push(status),
    onHeard: () => {},
    onLogIn: () => {},
  });
  void feed.run();
  await vi.advanceTimersByTimeAsync(0);
  expect(seen.at(-1)).toBe("live");
  hung = true;
  await vi.advanceTimersByTimeAsync(40_000);
  expect(seen.at(-1)).toBe("lost");
  feed.stop();
});

test("after three mute streams it polls each 15 s, and tries a stream again after ten minutes", async () => {
  const { seen, pass, stop } = rig({});
  await pass(3 * 40_000 + 100);
  expect(seen.streams).toHaveLength(3);
  expect(seen.status.at(-1)).toBe("polling");
  const asked = seen.since.length;
  await pass(60_000);
  expect(seen.since.length).toBe(asked + 4);
  await pass(541_000);
  expect(seen.streams).toHaveLength(4);
  seen.streams[3]?.say(": beat\n\n");
  expect(seen.status.at(-1)).toBe("live");
  await stop();
});

test("a proxy that refuses streams ends in polling too, not in a storm", async () => {
  const { seen, pass, stop } = rig({ stream: "refused" });
  await pass(60_000);
  expect(seen.status.at(-1)).toBe("polling");
  expect(seen.since.length).toBeLessThan(12);
  await stop();
});

test("a server that is away is said to be away, waited for with growing pauses, and found again", async () => {
  let up = true;
  const { seen, pass, stop } = rig({ answer: () => (up ? { kind: "ok", value: { ...fixtureSnapshot(Date.now()), id: "100" } } : { kind: "offline" }) });
  await pass(0);
  seen.streams[0]?.say(": beat\n\n");
  up = false;
  seen.streams[0]?.end("ended");
  await pass(60_000);
  expect(seen.status.at(-1)).toBe("lost");
  expect(seen.since.length).toBeLessThan(12);
  up = true;
  await pass(16_000);
  seen.streams[1]?.say(": beat\n\n");
  expect(seen.status.at(-1)).toBe("live");
  await stop();
});

test("a message that cannot be read costs the stream, not the page: it goes on after it", async () => {
  const { seen, pass, stop } = rig({});
  await pass(0);
  const [first] = seen.streams;
  expect(() => first?.say("id: 103\nevent: base\ndata: {broken\n\n")).toThrow(SyntaxError); // readEvents ends the stream on it
  first?.end("failed");
  await pass(1000);
  expect(seen.streams.map((s) => s.lastId)).toEqual(["100", "100"]); // the snapshot brought what was missed
  await stop();
});

test("reset fetches the whole snapshot", async () => {
  const { seen, pass, stop } = rig({});
  await pass(0);
  seen.streams[0]?.say(`event: reset\ndata: {"at":"2026-06-12T00:00:00.000Z"}\n\n`);
  await pass(1000);
  expect(seen.since).toEqual([null, null]);
  await stop();
});

test("a refused credential asks for a log-in, once, and nothing more", async () => {
  const { seen, pass } = rig({ answer: () => ({ kind: "log-in" }) });
  await pass(60_000);
  expect(seen.logIns).toBe(1);
  expect(seen.since).toHaveLength(1);
});

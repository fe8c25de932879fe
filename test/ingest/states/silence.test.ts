import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { daysLeft, emptyVoltage } from "../../../ingest/states/battery-life.ts";
import { frameLoss } from "../../../ingest/states/frame-loss.ts";
import { type Circumstances, isChannelSilent, judgeSilence, silentAfterMs } from "../../../ingest/states/silence.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const INTERVAL_S = 600;
const AFTER = silentAfterMs(INTERVAL_S);
const usual: Circumstances = {
  nowMs: NOW,
  lastMs: NOW - AFTER - 1,
  intervalS: INTERVAL_S,
  listeningSinceMs: NOW - 86_400_000,
  gateways: [{ gatewayId: "a", isDown: false }],
  network: { lastMs: NOW - 1000, silentAfterMs: AFTER },
};

describe("why nothing comes", () => {
  test.each<[string, Partial<Circumstances>, string, string | null]>([
    ["never heard", { lastMs: null }, "unknown", null],
    ["within three intervals and a minute", { lastMs: NOW - AFTER }, "reporting", null],
    ["the device alone", {}, "silent", "device"],
    ["all its gateways are down", { gateways: [{ gatewayId: "a", isDown: true }] }, "silent", "gateway"],
    ["one of its gateways still stands", { gateways: ["a", "b"].map((gatewayId) => ({ gatewayId, isDown: gatewayId === "a" })) }, "silent", "device"],
    ["its network is quiet", { network: { lastMs: NOW - AFTER - 1, silentAfterMs: AFTER }, gateways: [{ gatewayId: "a", isDown: true }] }, "silent", "network"],
    ["we have just started", { listeningSinceMs: NOW - 1000, network: null }, "unknown", "restart"],
    ["we have listened long enough since", { listeningSinceMs: NOW - AFTER - 1 }, "silent", "device"],
    ["it speaks for itself", { gateways: [], network: null }, "silent", "device"],
  ])("%s", (_name, parts, state, cause) => {
    expect(judgeSilence({ ...usual, ...parts })).toMatchObject({ state, cause });
  });

  test("silent is dated from when the message was due", () => {
    expect(judgeSilence(usual).sinceMs).toBe(NOW - 1);
  });

  test("the next frame always clears it, whatever else is wrong", () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.nat({ max: AFTER }), (gatewayDown, justStarted, agoMs) => {
        const circumstances = {
          ...usual,
          lastMs: NOW - agoMs,
          gateways: [{ gatewayId: "a", isDown: gatewayDown }],
          listeningSinceMs: justStarted ? NOW : 0,
        };
        expect(judgeSilence(circumstances).state).toBe("reporting");
      }),
    );
  });

  test("a channel is silent by the device's own clock, not by ours", () => {
    expect(isChannelSilent(NOW - AFTER, NOW, INTERVAL_S)).toBe(false);
    expect(isChannelSilent(NOW - AFTER - 1, NOW, INTERVAL_S)).toBe(true);
  });
});

describe("frames lost on the air", () => {
  const counted = (...counters: number[]) => frameLoss(counters.map((fCnt) => ({ fCnt })));
  test.each([
    [[], { received: 0, lost: 0, lossPct: null }],
    [[5, 6, 7], { received: 3, lost: 0, lossPct: null }],
    [[5, 6, 8, 9, 12], { received: 5, lost: 3, lossPct: 37.5 }],
    [[5, 6, 7, 0, 1, 2], { received: 6, lost: 0, lossPct: 0 }], // a reset loses nothing that anybody can count
    [[1, 2, 3, 60_000], { received: 4, lost: 0, lossPct: 0 }],
  ])("%j", (counters, expected) => {
    expect(counted(...counters)).toEqual(expected);
  });

  test("equals what was taken out", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 300 }), { minLength: 4 }), (kept) => {
        const sorted = [...kept].sort((a, b) => a - b);
        const span = (sorted.at(-1) as number) - (sorted[0] as number) + 1;
        expect(counted(...sorted).lost).toBe(span - sorted.length);
      }),
    );
  });
});

describe("days that a battery has left", () => {
  const falling = (perDay: number, noise: (i: number) => number = () => 0) =>
    Array.from({ length: 30 }, (_, i) => ({ day: 20_000 + i, mean: 80 - perDay * i + noise(i) }));
  test("a straight fall reaches empty where it says", () => {
    expect(daysLeft(falling(1), 10)).toBe(41); // at 51 % on the last day
  });
  test.each([
    ["level", falling(0)],
    ["rising", falling(-1)],
    ["lost in its scatter", falling(0.01, (i) => (i % 2 === 0 ? 3 : -3))],
    ["too few days", falling(1).slice(0, 10)],
    ["one day", [{ day: 1, mean: 50 }]],
  ])("unknown when %s", (_name, days) => {
    expect(daysLeft(days, 10)).toBeNull();
  });
  test("below empty there is none", () => {
    expect(daysLeft(falling(3), 10)).toBe(0);
  });
  test("what counts as empty depends on the cell", () => {
    expect([emptyVoltage(3.6), emptyVoltage(3.0), emptyVoltage(12)]).toEqual([2.8, 2.4, null]);
  });
});

import { describe, expect, test } from "vitest";
import type { GatewayReception, LorawanUp } from "../../../core/domain/uplink.ts";
import { eventTime, messageTime, recordTime } from "../../../core/wire/event-time.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const S = 1000;
const MINUTE = 60 * S;
const DAY = 24 * 60 * MINUTE;

function up(networkTimeMs: number | null, ...gatewayTimesMs: (number | null)[]): LorawanUp {
  const gateways: GatewayReception[] = gatewayTimesMs.map((timeMs, at) => ({ gatewayId: `gw${at}`, rssiDbm: -80, snrDb: 5, timeMs }));
  return {
    kind: "lorawan-up",
    device: { kind: "devEui", devEui: "a84041ffff000001" },
    sessionKey: null,
    fCnt: 1,
    fPort: 2,
    bytes: new Uint8Array(1),
    networkTimeMs,
    gateways,
    simulated: false,
  };
}

describe("event time of a frame", () => {
  test.each<[string, LorawanUp, number, string, string[]]>([
    ["the gateway's", up(NOW, NOW - 2 * S), NOW - 2 * S, "gateway", []],
    ["the earliest of several gateways'", up(NOW, NOW - S, null, NOW - 3 * S, NOW + S), NOW - 3 * S, "gateway", []],
    ["a gateway exactly 30 s off is believed", up(NOW, NOW - 30 * S), NOW - 30 * S, "gateway", []],
    ["a gateway further off is not", up(NOW, NOW - 30 * S - 1), NOW, "network", []],
    ["a gateway with an unset clock is far off, and no fault of the network's time", up(NOW, 0), NOW, "network", []],
    ["one gateway off, one right", up(NOW, NOW - DAY, NOW - S), NOW - S, "gateway", []],
    ["no gateway knows the time", up(NOW - S, null, null), NOW - S, "network", []],
    ["no gateways", up(NOW - S), NOW - S, "network", []],
    ["no network time: nothing to hold the gateways against", up(null, NOW - S, NOW - 40 * S), NOW - 40 * S, "gateway", []],
    ["no time at all", up(null, null), NOW, "server", []],
    ["age alone never disqualifies", up(NOW - 400 * DAY), NOW - 400 * DAY, "network", []],
    ["an old gateway time beside an old network time", up(NOW - 400 * DAY, NOW - 400 * DAY - S), NOW - 400 * DAY - S, "gateway", []],
    ["exactly 5 min ahead is used", up(NOW + 5 * MINUTE), NOW + 5 * MINUTE, "network", []],
    ["further ahead is not", up(NOW + 5 * MINUTE + 1), NOW, "server", ["clock"]],
    ["2015 is used", up(Date.UTC(2015, 0, 1)), Date.UTC(2015, 0, 1), "network", []],
    ["before 2015 is not", up(Date.UTC(2015, 0, 1) - 1), NOW, "server", ["clock"]],
    ["both clocks wrong together", up(0, S), NOW, "server", ["clock"]],
    ["gateway a little too far ahead, network not", up(NOW + 5 * MINUTE - S, NOW + 5 * MINUTE + S), NOW + 5 * MINUTE - S, "network", ["clock"]],
    ["a wrong gateway time without a network time", up(null, S), NOW, "server", ["clock"]],
  ])("%s", (_name, frame, timeMs, source, reasons) => expect(eventTime(frame, NOW)).toEqual({ timeMs, source, reasons }));
});

test.each<[string, number | null, { timeMs: number; source: string; reasons: string[] }]>([
  ["the network server's", NOW - S, { timeMs: NOW - S, source: "network", reasons: [] }],
  ["our receipt where it has none", null, { timeMs: NOW, source: "server", reasons: [] }],
  ["our receipt where its clock is wrong", NOW + DAY, { timeMs: NOW, source: "server", reasons: ["clock"] }],
])("time of a message without a frame: %s", (_name, networkMs, expected) => expect(messageTime(networkMs, NOW)).toEqual(expected));

describe("event time of a record", () => {
  const carrier = { timeMs: NOW - S, source: "gateway", reasons: [] } as const;
  test.each<[string, number | null, { timeMs: number; source: string; reasons: string[] }]>([
    ["its own", NOW - 3 * DAY, { timeMs: NOW - 3 * DAY, source: "device", reasons: [] }],
    ["the message's where it has none", null, { ...carrier, reasons: [] }],
    ["the message's where its clock was never set", 0, { timeMs: NOW - S, source: "gateway", reasons: ["clock"] }],
    ["the message's where its clock is ahead", NOW + 5 * MINUTE + 1, { timeMs: NOW - S, source: "gateway", reasons: ["clock"] }],
  ])("%s", (_name, timeMs, expected) => expect(recordTime(timeMs, carrier, NOW)).toEqual(expected));
});

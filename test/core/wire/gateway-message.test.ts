import { describe, expect, test } from "vitest";
import { isGatewayTopic, parseGatewayMessage } from "../../../core/wire/gateway-message.ts";
import { utf8 } from "./envelopes.ts";

describe("topics", () => {
  test.each([
    ["as923/gateway/0016c001f153a14c/event/stats", true],
    ["gateway/0016c001f153a14c/state/conn", true],
    ["as923/gateway/0016c001f153a14c/event/up", true],
    ["as923/gateway/0016c001f153a14c/command/down", false],
    ["application/a/device/0016c001f153a14c/event/up", false],
    ["a/b/gateway/0016c001f153a14c/event/up", false],
    ["azemichi/v1/gateways/x", false],
    ["", false],
  ])("%s: %s", (topic, expected) => expect(isGatewayTopic(topic)).toBe(expected));
});

const NO_STATS = { rxReceived: 0, rxReceivedOk: 0, txReceived: 0, txEmitted: 0, position: null };
const TOPIC = "as923/gateway/0016C001F153A14C";
const gatewayId = "0016c001f153a14c";

describe("JSON", () => {
  test("stats say that it lives, its clock, and what it counted", () => {
    const stats = {
      gatewayId,
      time: "2026-06-01T00:00:30Z",
      location: { latitude: 39.42, longitude: 140.55, altitude: 60, source: "GPS" },
      rxPacketsReceived: 7,
      rxPacketsReceivedOk: "6", // a number as text is one in proto3 JSON
      txPacketsEmitted: 1,
      metadata: { region: "as923" },
    };
    expect(parseGatewayMessage(`${TOPIC}/event/stats`, utf8(stats))).toEqual({
      gatewayId,
      event: "stats",
      online: true,
      timeMs: Date.UTC(2026, 5, 1, 0, 0, 30),
      stats: { rxReceived: 7, rxReceivedOk: 6, txReceived: 0, txEmitted: 1, position: { latDeg: 39.42, lonDeg: 140.55 } },
    });
  });
  test.each([
    ["no position", {}, null],
    ["an empty one, which is no place", { location: {} }, null],
    ["off the Earth", { location: { latitude: 91, longitude: 1 } }, null],
    ["on the equator", { location: { longitude: 140.5 } }, { latDeg: 0, lonDeg: 140.5 }],
  ])("position: %s", (_name, change, position) => {
    expect(parseGatewayMessage(`${TOPIC}/event/stats`, utf8(change))).toMatchObject({ event: "stats", stats: { ...NO_STATS, position } });
  });
  test.each([
    [{ gatewayId, state: "ONLINE" }, true],
    [{ gatewayId, state: 1 }, true],
    [{ gatewayId, state: "OFFLINE" }, false],
    [{ gatewayId, state: 0 }, false],
    [{ gatewayId }, false], // the enumeration's zero is left out
  ])("conn %j", (message, online) => {
    for (const text of [JSON.stringify(message), ` \n${JSON.stringify(message)}`, `\ufeff${JSON.stringify(message)}`]) {
      expect(parseGatewayMessage(`${TOPIC}/state/conn`, utf8(text))).toEqual({ gatewayId, event: "conn", online, timeMs: null, stats: null });
    }
  });
  test.each(["event/up", "event/ack", "event/exec", "event/raw", "state/other"])("%s is other", (rest) => {
    expect(parseGatewayMessage(`${TOPIC}/${rest}`, utf8("{}"))).toEqual({ gatewayId, event: "other", online: null, timeMs: null, stats: null });
  });
});

/** Bytes worked out by hand from gw.proto and the encoding's specification: tag = field number * 8 + wire type. */
const GATEWAY_ID_17 = "8a0110 30303136633030316631353361313463"; // string gateway_id = 17
const GATEWAY_ID_3 = "1a10 30303136633030316631353361313463"; // of ConnState, string gateway_id = 3
const LEGACY_ID = "0a08 0016c001f153a14c"; // bytes gateway_id_legacy = 1
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("Protobuf", () => {
  test.each([
    // time { seconds: 1780272030, nanos: 500000000 }, location { latitude: 39.5, longitude: 140.5, altitude: 60 }, counts 300, 299, 2, 1
    [
      "all that is used",
      `${GATEWAY_ID_17} 120c 08 9e97f3d006 10 80cab5ee01 1a1b 09 0000000000c04340 11 0000000000906140 19 0000000000004e40 28 ac02 30 ab02 38 02 40 01`,
      { timeMs: 1_780_272_030_500, stats: { rxReceived: 300, rxReceivedOk: 299, txReceived: 2, txEmitted: 1, position: { latDeg: 39.5, lonDeg: 140.5 } } },
    ],
    ["an older gateway bridge", `${LEGACY_ID} 1206 08 9e97f3d006 28 01`, { timeMs: 1_780_272_030_000, stats: { ...NO_STATS, rxReceived: 1 } }],
    // map entries (13), a modulation (15), status counts (16), metadata (10): passed over
    [
      "maps and lists",
      `${GATEWAY_ID_17} 5206 0a016b 12 0176 6a08 08 a0e5c79d03 1002 7a02 1001 8201 06 0a02 4f4b 1001 28 05`,
      { timeMs: null, stats: { ...NO_STATS, rxReceived: 5 } },
    ],
    ["the last of a field given twice", `${GATEWAY_ID_17} 28 05 28 06`, { timeMs: null, stats: { ...NO_STATS, rxReceived: 6 } }],
    ["a clock before 1970", `1211 08 ffffffffffffffffff01 10 80cab5ee01`, { timeMs: -500, stats: NO_STATS }],
    ["a field of another wire type is absent", "2d 05000000 12 00", { timeMs: 0, stats: NO_STATS }],
  ])("stats: %s", (_name, hex, expected) => {
    expect(parseGatewayMessage(`${TOPIC}/event/stats`, bytesOf(hex))).toEqual({ gatewayId, event: "stats", online: true, ...expected });
  });
  test.each([
    ["online", `${GATEWAY_ID_3} 1001`, true],
    ["online, an older gateway bridge", `${LEGACY_ID} 1001`, true],
    ["offline is the zero that is left out", GATEWAY_ID_3, false],
    ["offline, said", `${GATEWAY_ID_3} 1000`, false],
    ["a state of the future", `${GATEWAY_ID_3} 1002`, false],
  ])("conn: %s", (_name, hex, online) => {
    expect(parseGatewayMessage(`${TOPIC}/state/conn`, bytesOf(hex))).toEqual({ gatewayId, event: "conn", online, timeMs: null, stats: null });
  });
});

test.each(["event/stats", "state/conn"])("%s: nothing is other, for that clears a retained message", (rest) => {
  expect(parseGatewayMessage(`${TOPIC}/${rest}`, new Uint8Array(0))).toEqual({ gatewayId, event: "other", online: null, timeMs: null, stats: null });
});

test.each([
  ["event/stats", utf8('{"time":5}'), "time: "],
  ["event/stats", utf8('{"time":'), "invalid JSON"],
  ["state/conn", utf8('{"state":true}'), "state: "],
  ["event/stats", bytesOf("0a10303031"), "neither JSON nor a Protobuf message"],
  ["state/conn", utf8("ONLINE"), "neither JSON nor a Protobuf message"],
  ["event/stats", new Uint8Array(70_000).fill(0x28), "neither JSON nor a Protobuf message"],
])("malformed: %s %#", (rest, payload, reason) => {
  expect(parseGatewayMessage(`${TOPIC}/${rest}`, payload)).toEqual({ kind: "malformed", reason: expect.stringContaining(reason) });
});
test("malformed: another topic", () => {
  expect(parseGatewayMessage("elsewhere", utf8("{}"))).toEqual({ kind: "malformed", reason: "not a gateway's topic" });
});

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

describe("messages", () => {
  test("stats say that it lives, and its clock", () => {
    const stats = { gatewayId: "0016c001f153a14c", time: "2026-06-01T00:00:30Z", rxPacketsReceived: 1 };
    expect(parseGatewayMessage("as923/gateway/0016C001F153A14C/event/stats", utf8(stats))).toEqual({
      gatewayId: "0016c001f153a14c",
      event: "stats",
      online: true,
      timeMs: Date.UTC(2026, 5, 1, 0, 0, 30),
    });
  });
  test.each([
    [{ gatewayId: "aa", state: "ONLINE" }, true],
    [{ gatewayId: "aa", state: "OFFLINE" }, false],
    [{ gatewayId: "aa" }, false], // the enumeration's zero is left out
  ])("conn %j", (message, online) => {
    expect(parseGatewayMessage("as923/gateway/aa/state/conn", utf8(message))).toEqual({ gatewayId: "aa", event: "conn", online, timeMs: null });
  });
  test.each(["event/up", "event/ack", "event/exec", "event/raw", "state/other"])("%s is other", (rest) => {
    expect(parseGatewayMessage(`as923/gateway/aa/${rest}`, utf8("{}"))).toEqual({ gatewayId: "aa", event: "other", online: null, timeMs: null });
  });
  test.each([
    ["Protobuf", new Uint8Array([0x0a, 0x10, 0x30, 0x30, 0x31, 0x36])],
    ["nothing", new Uint8Array(0)],
  ])("%s is other", (_name, payload) => {
    expect(parseGatewayMessage("as923/gateway/aa/event/stats", payload)).toEqual({ gatewayId: "aa", event: "other", online: null, timeMs: null });
  });
  test.each([
    ["as923/gateway/aa/event/stats", '{"time":5}', "time: "],
    ["as923/gateway/aa/event/stats", '{"time":', "invalid JSON"],
    ["as923/gateway/aa/state/conn", '{"state":1}', "state: "],
    ["elsewhere", "{}", "not a gateway's topic"],
  ])("malformed: %s %s", (topic, payload, reason) => {
    expect(parseGatewayMessage(topic, utf8(payload))).toEqual({ kind: "malformed", reason: expect.stringContaining(reason) });
  });
});

import { describe, expect, test } from "vitest";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { chirpstackJoin, chirpstackStatus, chirpstackTopic, chirpstackUp, RECEIVED_AT_MS, utf8 } from "./envelopes.ts";

const parse = (event: string, message: unknown, devEui?: string) => parseUplink(chirpstackTopic(event, devEui), utf8(message), RECEIVED_AT_MS);

describe("ChirpStack up", () => {
  test("every part of it", () => {
    expect(parse("up", chirpstackUp)).toEqual({
      kind: "lorawan-up",
      device: { kind: "devEui", devEui: "a84041ffff000001" },
      sessionKey: "00189440",
      fCnt: 42,
      fPort: 2,
      bytes: new Uint8Array([0x0d, 0x0a, 0x07, 0xe9, 0, 0, 0, 1]),
      networkTimeMs: Date.UTC(2026, 5, 1, 0, 0, 0, 775),
      gateways: [
        { gatewayId: "0016c001f153a14c", rssiDbm: -36, snrDb: 10.5, timeMs: Date.UTC(2026, 5, 1, 0, 0, 0, 501) },
        { gatewayId: "0016c001f153a14d", rssiDbm: -101, snrDb: 0, timeMs: null },
      ],
      simulated: false,
    });
  });

  test("proto3: what is zero, false or empty is left out", () => {
    expect(parse("up", { deviceInfo: { devEui: "A84041FFFF000001" } })).toEqual({
      kind: "lorawan-up",
      device: { kind: "devEui", devEui: "a84041ffff000001" },
      sessionKey: null,
      fCnt: 0,
      fPort: null,
      bytes: new Uint8Array(0),
      networkTimeMs: null,
      gateways: [],
      simulated: false,
    });
  });

  test.each([
    [
      "null is absent",
      { fCnt: null, fPort: null, data: null, rxInfo: null, time: null, devAddr: null, joinServerContext: null },
      { fCnt: 0, fPort: null, gateways: [] },
    ],
    ["port 0 carries MAC commands only", { fPort: 0 }, { fPort: null }],
    ["a port without data has no bytes", { data: "" }, { fPort: 2, bytes: new Uint8Array(0) }],
    ["the frame counter has 32 bits", { fCnt: 4_294_967_295 }, { fCnt: 4_294_967_295 }],
    ["numbers as text, which proto3 JSON allows", { fCnt: "42", fPort: "2", rxInfo: [{ gatewayId: "aa", rssi: "-7", snr: "1e1" }] }, { fCnt: 42, fPort: 2 }],
    ["base64 without padding", { data: "DQoH6QAAAAE" }, { bytes: new Uint8Array([0x0d, 0x0a, 0x07, 0xe9, 0, 0, 0, 1]) }],
    ["base64 of the other alphabet", { data: "-_-_" }, { bytes: new Uint8Array([0xfb, 0xff, 0xbf]) }],
    ["a simulated uplink says so", { simulated: true }, { simulated: true }],
    ["additions of theirs", { newThing: { a: [1] }, object: { x: Number.MAX_VALUE } }, { fCnt: 42 }],
    [
      "a signal that is no number",
      { rxInfo: [{ gatewayId: "aa", rssi: -7, snr: "NaN" }] },
      { gateways: [{ gatewayId: "aa", rssiDbm: -7, snrDb: null, timeMs: null }] },
    ],
  ])("%s", (_name, change, expected) => expect(parse("up", { ...chirpstackUp, ...change })).toMatchObject(expected));

  test.each([
    ["A84041fFFF000001", "a84041FFFF000001"],
    ["A8-40-41-FF-FF-00-00-01", "a84041ffff000001"],
    ["a84041ffff000001", "a8:40:41:ff:ff:00:00:01"],
  ])("EUIs as people and networks write them: %s on the topic of %s", (inBody, inTopic) => {
    const message = { ...chirpstackUp, deviceInfo: { devEui: inBody } };
    expect(parse("up", message, inTopic)).toMatchObject({ kind: "lorawan-up", device: { devEui: "a84041ffff000001" } });
  });

  test.each([
    ["another device's topic", chirpstackUp, "deviceInfo.devEui: a84041ffff000001 is not the device of the topic (0000000000000001)", "0000000000000001"],
    ["a topic without an EUI", chirpstackUp, "(no EUI)", "kita-3"],
    ["no device", { ...chirpstackUp, deviceInfo: undefined }, "deviceInfo: ", undefined],
    ["no EUI", { ...chirpstackUp, deviceInfo: {} }, "deviceInfo.devEui: ", undefined],
    ["a short EUI", { ...chirpstackUp, deviceInfo: { devEui: "a84041" } }, "deviceInfo.devEui: 16 hexadecimal digits expected", undefined],
    ["session key elsewhere", { ...chirpstackUp, joinServerContext: { sessionKeyId: "abc" } }, "not decrypted: joinServerContext", undefined],
    ["damaged base64", { ...chirpstackUp, data: "DQoH6QAAAAE*" }, "data: not base64", undefined],
    ["half its padding", { ...chirpstackUp, data: "qg=" }, "data: not base64", undefined],
    ["stray bits", { ...chirpstackUp, data: "qh==" }, "data: not base64", undefined],
    ["hex for data", { ...chirpstackUp, data: "0D0A07E90" }, "data: not base64", undefined],
    ["a number for data", { ...chirpstackUp, data: 5 }, "data: ", undefined],
    ["a counter in words", { ...chirpstackUp, fCnt: "many" }, "fCnt: ", undefined],
    ["an empty counter", { ...chirpstackUp, fCnt: "" }, "fCnt: ", undefined],
    ["a negative counter", { ...chirpstackUp, fCnt: -1 }, "fCnt: ", undefined],
    ["half a port", { ...chirpstackUp, fPort: 1.5 }, "fPort: ", undefined],
    ["a port above 255", { ...chirpstackUp, fPort: 256 }, "fPort: ", undefined],
    ["a time that is none", { ...chirpstackUp, time: "yesterday" }, "time: not an RFC 3339 time", undefined],
    ["a gateway's time that is none", { ...chirpstackUp, rxInfo: [{}, { gatewayId: "aa", gwTime: 5 }] }, "rxInfo[1].gwTime: ", undefined],
    ["gateways that are no list", { ...chirpstackUp, rxInfo: {} }, "rxInfo: ", undefined],
    ["a list", [chirpstackUp], "expected object", undefined],
  ])("malformed: %s", (_name, message, reason, devEui) => {
    const uplink = parse("up", message, devEui);
    expect(uplink.kind).toBe("malformed");
    if (uplink.kind === "malformed") expect(uplink.reason).toContain(reason);
  });

  test("more gateways than hear one frame are not read", () => {
    const rxInfo = Array.from({ length: 500 }, (_, at) => ({ gatewayId: `gw${at}`, rssi: -80 }));
    expect(parse("up", { ...chirpstackUp, rxInfo })).toMatchObject({ kind: "lorawan-up", gateways: { length: 64 } });
  });
});

describe("ChirpStack join and status", () => {
  test("a join says the new session", () => {
    expect(parse("join", chirpstackJoin)).toEqual({
      kind: "join",
      device: { kind: "devEui", devEui: "a84041ffff000001" },
      sessionKey: "0018944a",
      timeMs: Date.UTC(2026, 5, 1, 0, 0, 0, 823),
    });
  });

  test("a status says battery and margin", () => {
    expect(parse("status", chirpstackStatus)).toEqual({
      kind: "status",
      device: { kind: "devEui", devEui: "a84041ffff000001" },
      deduplicationId: "bf2a9746-1c8b-49be-a92e-f0b89c8534e4",
      batteryPercent: 88.3,
      marginDb: 10,
      timeMs: Date.UTC(2026, 5, 1, 0, 0, 0, 927),
    });
  });

  test.each([
    ["an empty battery is left out", { batteryLevel: undefined, margin: undefined }, { batteryPercent: 0, marginDb: 0 }],
    ["external power has no level", { batteryLevel: undefined, externalPowerSource: true }, { batteryPercent: null }],
    ["a device that cannot tell has no level", { batteryLevel: undefined, batteryLevelUnavailable: true }, { batteryPercent: null }],
  ])("%s", (_name, change, expected) => expect(parse("status", { ...chirpstackStatus, ...change })).toMatchObject(expected));

  test.each(["join", "status"])("%s of another device is malformed", (event) => {
    const message = event === "join" ? chirpstackJoin : chirpstackStatus;
    expect(parse(event, message, "0000000000000001")).toMatchObject({ kind: "malformed" });
    expect(parse(event, "{}")).toMatchObject({ kind: "malformed" });
  });
});

describe("ChirpStack log", () => {
  const log = { time: "2026-06-01T00:00:00Z", deviceInfo: { devEui: "A84041FFFF000001" }, level: "ERROR", context: { deduplication_id: "x" } };
  const devEui = "a84041ffff000001";
  test.each([
    ["its code and what it says", { code: "UPLINK_CODEC", description: "bytes is not defined" }, { event: "log UPLINK_CODEC", detail: "bytes is not defined" }],
    ["without a code", { description: "x" }, { event: "log", detail: "x" }],
    ["a code that is none", { code: "rm -rf <b>", description: null }, { event: "log", detail: "" }],
    ["a long story is cut", { code: "OTAA", description: "x".repeat(9999) }, { event: "log OTAA", detail: "x".repeat(200) }],
  ])("%s", (_name, change, expected) => expect(parse("log", { ...log, ...change })).toEqual({ kind: "other", devEui, ...expected }));
  test("one that cannot be read is still a log", () => {
    expect(parse("log", "not read")).toEqual({ kind: "other", event: "log", devEui });
  });
});

test.each(["ack", "txack", "location", "integration", "somethingNew"])("event %s is named, not read", (event) => {
  expect(parse(event, "not read", "A84041FFFF000001")).toEqual({ kind: "other", event, devEui: "a84041ffff000001" });
});

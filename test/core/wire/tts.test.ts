import { describe, expect, test } from "vitest";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { RECEIVED_AT_MS, ttsJoin, ttsTopic, ttsUp, utf8 } from "./envelopes.ts";

const parse = (event: string, message: unknown) => parseUplink(ttsTopic(event), utf8(message), RECEIVED_AT_MS);
const withFrame = (change: object) => ({ ...ttsUp, uplink_message: { ...ttsUp.uplink_message, ...change } });

describe("The Things Stack up", () => {
  test("every part of it", () => {
    expect(parse("up", ttsUp)).toEqual({
      kind: "lorawan-up",
      device: { kind: "devEui", devEui: "a84041ffff000001" },
      sessionKey: "AXA50tHUGUucuzS/bCGMNw==",
      fCnt: 7,
      fPort: 2,
      bytes: new Uint8Array([0x0d, 0x0a, 0x07, 0xe9, 0, 0, 0, 1]),
      networkTimeMs: Date.UTC(2026, 5, 1, 0, 0, 0, 789),
      gateways: [
        { gatewayId: "9c5c8e00001a05c4", rssiDbm: -35, snrDb: 5, timeMs: Date.UTC(2026, 5, 1, 0, 0, 0, 787) },
        { gatewayId: "packetbroker", rssiDbm: -112.5, snrDb: -7.25, timeMs: null },
      ],
      simulated: false,
    });
  });

  test.each([
    ["an absent counter is 0", withFrame({ f_cnt: undefined }), { fCnt: 0 }],
    ["an absent port is MAC only", withFrame({ f_port: undefined }), { fPort: null }],
    ["an absent payload is no bytes", withFrame({ frm_payload: undefined }), { fPort: 2, bytes: new Uint8Array(0) }],
    ["the outer time where the inner is absent", withFrame({ received_at: undefined }), { networkTimeMs: Date.UTC(2026, 5, 1, 0, 0, 1, 14) }],
    ["a counter as text", withFrame({ f_cnt: "7" }), { fCnt: 7 }],
    [
      "the gateway server's earliest where neither is there",
      {
        ...withFrame({ received_at: undefined, rx_metadata: [{ received_at: "2026-06-01T00:00:02Z" }, { received_at: "2026-06-01T00:00:01Z" }] }),
        received_at: null,
      },
      { networkTimeMs: Date.UTC(2026, 5, 1, 0, 0, 1), gateways: [] },
    ],
    ["no session key: the address", withFrame({ session_key_id: undefined }), { sessionKey: "00bcb929" }],
    ["no gateways", withFrame({ rx_metadata: undefined }), { gateways: [] }],
    ["frequency of any type", withFrame({ settings: { frequency: 923200000 } }), { kind: "lorawan-up" }],
    ["a simulated uplink says so", { ...ttsUp, simulated: true }, { simulated: true }],
    ["also where that stands in the frame", withFrame({ simulated: true }), { simulated: true }],
  ])("%s", (_name, message, expected) => expect(parse("up", message)).toMatchObject(expected));

  test("without a tenant in the topic", () => {
    expect(parseUplink("v3/paddies/devices/kita-3-level/up", utf8(ttsUp), RECEIVED_AT_MS)).toMatchObject({ kind: "lorawan-up", fCnt: 7 });
  });

  test.each([
    ["no device", { ...ttsUp, end_device_ids: undefined }, "end_device_ids: "],
    ["no EUI", { ...ttsUp, end_device_ids: { device_id: "kita-3-level" } }, "end_device_ids.dev_eui: "],
    ["no frame", { ...ttsUp, uplink_message: undefined }, "uplink_message: "],
    ["damaged base64", withFrame({ frm_payload: "DQoH6QAAAAE*" }), "uplink_message.frm_payload: not base64"],
    ["a counter in words", withFrame({ f_cnt: "seven" }), "uplink_message.f_cnt: "],
    ["a gateway's time that is none", withFrame({ rx_metadata: [{ time: "12:00" }] }), "uplink_message.rx_metadata[0].time: not an RFC 3339 time"],
    ["simulated as text", { ...ttsUp, simulated: "no" }, "simulated: "],
  ])("malformed: %s", (_name, message, reason) => {
    const uplink = parse("up", message);
    expect(uplink.kind).toBe("malformed");
    if (uplink.kind === "malformed") expect(uplink.reason).toContain(reason);
  });
});

test("a join says the new session", () => {
  expect(parse("join", ttsJoin)).toEqual({
    kind: "join",
    device: { kind: "devEui", devEui: "a84041ffff000001" },
    sessionKey: "AXBSH1Pk6Z0G166RlH16CQ==",
    timeMs: Date.UTC(2026, 5, 1, 0, 0, 0, 736),
  });
});

test.each(["down/ack", "down/failed", "down/push", "down/queued", "service/data", "location/solved", "new/thing"])("%s is named, not read", (event) => {
  expect(parse(event, "not read")).toEqual({ kind: "other", event, devEui: null });
});

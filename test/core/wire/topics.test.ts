import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eventTime } from "../../../core/wire/event-time.ts";
import { isGatewayTopic, parseGatewayMessage } from "../../../core/wire/gateway-message.ts";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { describeNeeding, sharedPath } from "../../support/requirements.ts";
import { utf8 } from "./envelopes.ts";

const RECEIVED_AT_MS = Date.UTC(2026, 5, 1);
const CS = (event: string, devEui = "0101010101010101") => `application/17c82e96-be03-4f38-aef3-f83d48582d97/device/${devEui}/event/${event}`;
const TTS = (event: string) => `v3/app1@tenant1/devices/dev1/${event}`;

describe("topics that nobody reads", () => {
  test.each([
    "",
    "application/a/device/b/event",
    "application/a/device/b/event/up/more",
    "application/a/b/device/c/event/up",
    "v3/a/devices/b",
    "v2/a/devices/b/up",
    "azemichi/v1/devices/a/senml/more",
    "azemichi/v1/devices/a/b/senml",
    "something/else",
    "hooks/chirpstack",
    "hooks/chirpstack/up/more",
    "hooks/unheard-of/up",
    "hooks/constructor/up",
    "helium/1C29FBD1D2084E21/rx",
  ])("%j is other", (topic) => expect(parseUplink(topic, utf8("{}"), RECEIVED_AT_MS)).toEqual({ kind: "other", event: "unused-topic", devEui: null }));
});

/** Every published message, the topic it belongs on, and what it is. */
const TABLE: Readonly<Record<string, readonly [topic: string, expected: object]>> = {
  "chirpstack-v4-up.json": [CS("up"), { kind: "lorawan-up", sessionKey: "00189440", fCnt: 0, fPort: 1, bytes: new Uint8Array([0xaa]) }],
  "derived-chirpstack-v4-up-two-gateways-with-object.json": [
    CS("up"),
    { kind: "lorawan-up", fCnt: 42, fPort: 1, bytes: new Uint8Array(Buffer.from("02016700033e8060170c7f", "hex")), gateways: { length: 2 } },
  ],
  "chirpstack-v4-join.json": [CS("join"), { kind: "join", sessionKey: "00189440", timeMs: Date.UTC(2022, 6, 18, 9, 33, 28, 823) }],
  "chirpstack-v4-status.json": [CS("status"), { kind: "status", batteryPercent: 88.3, marginDb: 10, timeMs: Date.UTC(2022, 6, 18, 9, 35, 6, 927) }],
  "chirpstack-v4-ack.json": [CS("ack"), { kind: "other", event: "ack", devEui: "0101010101010101" }],
  "chirpstack-v4-txack.json": [CS("txack"), { kind: "other", event: "txack" }],
  "chirpstack-v4-log.json": [CS("log"), { kind: "other", event: "log UPLINK_MIC", detail: "MIC of join-request is invalid, make sure keys are correct" }],
  "chirpstack-v4-location.json": [CS("location"), { kind: "other", event: "location" }],
  "chirpstack-v4-integration.json": [CS("integration", "0016c001f000175a"), { kind: "other", event: "integration", devEui: "0016c001f000175a" }],
  "chirpstack-v4-gateway-stats.json": [
    "as923/gateway/0016c001f153a14c/event/stats",
    { gatewayId: "0016c001f153a14c", event: "stats", online: true, timeMs: Date.UTC(2022, 7, 3, 14, 37, 59) },
  ],
  "chirpstack-v4-gateway-up.json": ["as923/gateway/0016c001f153a14c/event/up", { gatewayId: "0016c001f153a14c", event: "other" }],
  "tts-v3-up.json": [
    TTS("up"),
    { kind: "lorawan-up", sessionKey: "AXA50tHUGUucuzS/bCGMNw==", fCnt: 1, fPort: null, bytes: new Uint8Array([0x82, 0x41, 0xde]) },
  ],
  "tts-v3-up-no-f_cnt-no-decoded.json": [TTS("up"), { kind: "lorawan-up", device: { devEui: "4200000000000000" }, fCnt: 0, fPort: 15, networkTimeMs: null }],
  "tts-v3-up-normalized-fragment.json": [TTS("up"), { kind: "malformed", reason: expect.stringContaining("end_device_ids") }],
  "tts-v3-up.as-published-invalid.txt": [TTS("up"), { kind: "malformed", reason: expect.stringContaining("invalid JSON") }],
  "tts-v3-join.json": [TTS("join"), { kind: "join", sessionKey: "AXBSH1Pk6Z0G166RlH16CQ==", timeMs: Date.UTC(2020, 1, 17, 7, 49, 9, 736) }],
  "tts-v3-downlink-ack.json": [TTS("down/ack"), { kind: "other", event: "down/ack" }],
  "tts-v3-downlink-failed.json": [TTS("down/failed"), { kind: "other", event: "down/failed" }],
  "tts-v3-downlink-push.json": [TTS("down/push"), { kind: "other", event: "down/push" }],
  "helium-console-legacy-up.json": [
    "hooks/helium/up",
    {
      kind: "lorawan-up",
      device: { devEui: "1c29fbd1d2084e21" },
      sessionKey: "b5a44869",
      fCnt: 19,
      fPort: 1,
      bytes: utf8("Hello, world!"),
      networkTimeMs: 15868685461234,
      gateways: [
        { gatewayId: "11KHJW1ePkfhLYptMwKyDzn4opLc62daahbi35uxhH3wwi7p6xr", rssiDbm: -54, snrDb: 9.800000190734863, timeMs: 15868685461234 },
        { gatewayId: "11ni2CACdVUAshDvXif2pYUduAsvoawoxvVub6aqgHjSNsPEapZ", rssiDbm: -51, snrDb: 9, timeMs: 15868685461235 },
      ],
    },
  ],
};

describeNeeding(["shared"], "published uplinks", () => {
  const read = (file: string) => new Uint8Array(readFileSync(sharedPath(`lpwa/uplinks/${file}`)));

  test("the table names every message of the folder", () => {
    const files = readdirSync(sharedPath("lpwa/uplinks")).filter((file) => file !== "README.md");
    expect(Object.keys(TABLE).sort()).toEqual(files.sort());
  });

  test.each(Object.entries(TABLE))("%s", (file, [topic, expected]) => {
    const parsed = isGatewayTopic(topic) ? parseGatewayMessage(topic, read(file)) : parseUplink(topic, read(file), RECEIVED_AT_MS);
    expect(parsed).toMatchObject(expected);
  });

  test.each([
    ["chirpstack-v4-up.json", Date.UTC(2022, 6, 18, 9, 34, 15, 775), "network"],
    ["tts-v3-up.json", Date.UTC(2020, 1, 12, 15, 15, 45, 787), "gateway"],
    ["tts-v3-up-no-f_cnt-no-decoded.json", Date.UTC(2019, 0, 29, 13, 2, 34, 981), "gateway"],
  ])("%s happened when it says", (file, timeMs, source) => {
    const uplink = parseUplink(TABLE[file]?.[0] ?? "", read(file), RECEIVED_AT_MS);
    expect(uplink.kind === "lorawan-up" && eventTime(uplink, RECEIVED_AT_MS)).toEqual({ timeMs, source, reasons: [] });
  });
});

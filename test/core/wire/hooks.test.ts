import { describe, expect, test } from "vitest";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { chirpstackJoin, chirpstackStatus, chirpstackTopic, chirpstackUp, RECEIVED_AT_MS, ttsJoin, ttsTopic, ttsUp, utf8 } from "./envelopes.ts";

const hook = (path: string, body: unknown) => parseUplink(`hooks/${path}`, utf8(body), RECEIVED_AT_MS);

describe("the same message by HTTP and by MQTT is the same uplink", () => {
  const log = { deviceInfo: { devEui: "a84041ffff000001" }, code: "OTAA", description: "x" };
  test.each([
    ["ChirpStack up", "chirpstack/up", chirpstackTopic("up"), chirpstackUp],
    ["ChirpStack join", "chirpstack/join", chirpstackTopic("join"), chirpstackJoin],
    ["ChirpStack status", "chirpstack/status", chirpstackTopic("status"), chirpstackStatus],
    ["ChirpStack log", "chirpstack/log", chirpstackTopic("log"), log],
    ["ChirpStack txack", "chirpstack/txack", chirpstackTopic("txack"), log],
    ["a ChirpStack of Helium, up", "helium/up", chirpstackTopic("up"), chirpstackUp],
    ["a ChirpStack of Helium, join", "helium/join", chirpstackTopic("join"), chirpstackJoin],
    ["The Things Stack up", "tts/up", ttsTopic("up"), ttsUp],
    ["The Things Stack join", "tts/up", ttsTopic("join"), ttsJoin],
    ["The Things Stack up, under another event", "tts/join", ttsTopic("up"), ttsUp],
  ])("%s", (_name, path, topic, body) => {
    const byMqtt = parseUplink(topic, utf8(body), RECEIVED_AT_MS);
    expect(byMqtt.kind).not.toBe("malformed");
    expect(hook(path, body)).toEqual(byMqtt);
  });
});

describe("ChirpStack", () => {
  test("what names no device", () => {
    expect(hook("chirpstack/up", { ...chirpstackUp, deviceInfo: {} })).toMatchObject({ kind: "malformed" });
    expect(hook("chirpstack/ack", "not read")).toEqual({ kind: "other", event: "ack", devEui: null });
  });
});

describe("The Things Stack", () => {
  const ids = { end_device_ids: ttsUp.end_device_ids };
  test.each([
    ["downlink_queued", "down/queued"],
    ["downlink_sent", "down/sent"],
    ["downlink_ack", "down/ack"],
    ["downlink_nack", "down/nack"],
    ["downlink_failed", "down/failed"],
    ["downlink_queue_invalidated", "down/queue/invalidated"],
    ["location_solved", "location/solved"],
    ["service_data", "service/data"],
  ])("%s is named as on MQTT", (key, event) => {
    expect(hook("tts/up", { ...ids, [key]: {} })).toEqual({ kind: "other", event, devEui: "a84041ffff000001" });
    expect(parseUplink(ttsTopic(event), utf8({}), RECEIVED_AT_MS)).toMatchObject({ kind: "other", event });
  });
  test.each([
    ["nothing known", ids, "neither uplink_message nor join_accept"],
    ["a list", [ttsUp], "is an object"],
    ["no JSON", "", "empty message"],
  ])("malformed: %s", (_name, body, reason) => expect(hook("tts/up", body)).toMatchObject({ kind: "malformed", reason: expect.stringContaining(reason) }));
});

describe("Helium, the former Console", () => {
  const up = {
    dev_eui: "A84041FFFF000001",
    devaddr: "B5A44869",
    fcnt: 19,
    port: 2,
    payload: "DQoH6QAAAAE=",
    reported_at: 1_780_272_000_775,
    hotspots: [{ id: "11KHJW1", name: "icy-fiery-hippo", rssi: -54, snr: 9.5, reported_at: 1_780_272_000_700 }, { name: "cool-hornet" }],
  };
  test("every part of it", () => {
    expect(hook("helium/up", up)).toEqual({
      kind: "lorawan-up",
      device: { kind: "devEui", devEui: "a84041ffff000001" },
      sessionKey: "b5a44869",
      fCnt: 19,
      fPort: 2,
      bytes: new Uint8Array([0x0d, 0x0a, 0x07, 0xe9, 0, 0, 0, 1]),
      networkTimeMs: 1_780_272_000_775,
      gateways: [
        { gatewayId: "11KHJW1", rssiDbm: -54, snrDb: 9.5, timeMs: 1_780_272_000_700 },
        { gatewayId: "cool-hornet", rssiDbm: null, snrDb: null, timeMs: null },
      ],
      simulated: false,
    });
  });
  test.each([
    ["port 0 is MAC only", { port: 0 }, { fPort: null }],
    ["absent is zero", { fcnt: undefined, reported_at: undefined, hotspots: undefined }, { fCnt: 0, networkTimeMs: null, gateways: [] }],
    ["half a millisecond", { reported_at: 1_780_272_000_775.6 }, { networkTimeMs: 1_780_272_000_776 }],
  ])("%s", (_name, change, expected) => expect(hook("helium/up", { ...up, ...change })).toMatchObject(expected));
  test.each([
    ["no device", { ...up, dev_eui: undefined }, "dev_eui: "],
    ["damaged base64", { ...up, payload: "*" }, "payload: not base64"],
    ["a list", [up], "is an object"],
  ])("malformed: %s", (_name, body, reason) => expect(hook("helium/up", body)).toMatchObject({ kind: "malformed", reason: expect.stringContaining(reason) }));
});

describe("Sigfox", () => {
  const up = { device: "1a2b3c", time: 1_780_272_000, data: "0d0a07e900000001", seqNumber: 1234, station: "0A1B", rssi: -121.5, snr: 12.25 };
  const frame = {
    kind: "lorawan-up",
    device: { kind: "sigfox", sigfoxId: "1A2B3C" },
    sessionKey: null,
    fCnt: 1234,
    fPort: 1,
    bytes: new Uint8Array([0x0d, 0x0a, 0x07, 0xe9, 0, 0, 0, 1]),
    networkTimeMs: 1_780_272_000_000,
    gateways: [{ gatewayId: "sigfox:0a1b", rssiDbm: -121.5, snrDb: 12.25, timeMs: null }],
    simulated: false,
  };
  test("our template", () => expect(hook("sigfox/up", up)).toEqual(frame));
  test("numbers in quotes, as templates come to have them", () => {
    expect(hook("sigfox/up", { ...up, time: "1780272000", seqNumber: "1234", rssi: "-121.5", snr: "12.25" })).toEqual(frame);
  });
  test("as SORACOM's Air for Sigfox sends it", () => {
    const body = { ...up, time: "1780272000", seqNumber: "1234", lqi: "Average", operatorName: "SIGFOX_Japan_KCCS", countryCode: "392", tmp: 28.5 };
    expect(hook("soracom/unknown", body)).toEqual(frame);
  });
  test("DATA_ADVANCED: the base stations that heard it, with a position", () => {
    const { station: _station, rssi: _rssi, snr: _snr, ...plain } = up;
    const duplicates = [{ bsId: "0A1B", nbRep: 3, rssi: -121.5, snr: 12.25 }, { bsId: "7BCD", nbRep: 1, rssi: "-130", snr: null }, { nbRep: 1 }, null];
    expect(hook("sigfox/up", { ...plain, lqi: "GOOD", duplicates, computedLocation: { lat: 39.4, lng: 140.5, radius: 3000, status: 1 } })).toEqual({
      ...frame,
      gateways: [...frame.gateways, { gatewayId: "sigfox:7bcd", rssiDbm: -130, snrDb: null, timeMs: null }],
    });
  });
  test.each([
    ["what the contract leaves out", { station: "null", rssi: null, snr: "" }, { gateways: [] }],
    ["milliseconds", { time: 1_780_272_000_500 }, { networkTimeMs: 1_780_272_000_500 }],
    ["an unset clock", { time: 0 }, { networkTimeMs: null }],
    ["no payload", { data: "" }, { bytes: new Uint8Array(0) }],
    ["the first message", { seqNumber: 0 }, { fCnt: 0 }],
    ["an id as labels print it", { device: "001a2b3c" }, { device: { kind: "sigfox", sigfoxId: "1A2B3C" } }],
    ["an id of zeros", { device: "00" }, { device: { kind: "sigfox", sigfoxId: "0" } }],
  ])("%s", (_name, change, expected) => expect(hook("sigfox/up", { ...up, ...change })).toMatchObject(expected));
  test.each([
    ["location", { device: "1a2b3c", time: 1, seqNumber: 1, computedLocation: {} }],
    ["status", { device: "1a2b3c", time: 1, batt: 3.2, temp: 21 }],
  ])("a callback of service %s is named, not read", (event, body) => expect(hook("sigfox/up", body)).toEqual({ kind: "other", event, devEui: null }));
  test.each([
    ["no sequence number: copies could not be told apart", { ...up, seqNumber: undefined }, "seqNumber: "],
    ["a device that is none", { ...up, device: "kita-3" }, "device: up to 8 hexadecimal digits expected"],
    ["data that is none", { ...up, data: "0d0" }, "data: up to 24 hexadecimal digits in pairs expected"],
    ["more than 12 bytes", { ...up, data: "00".repeat(13) }, "data: "],
    ["a template that was not filled in", { device: "{device}", time: "{time}", data: "{data}", seqNumber: "{seqNumber}" }, "device: "],
    ["a form", "device=1a2b3c&data=0d0a", "invalid JSON"],
  ])("malformed: %s", (_name, body, reason) => expect(hook("sigfox/up", body)).toMatchObject({ kind: "malformed", reason: expect.stringContaining(reason) }));
  test("the reason says what to put into the callback", () => {
    expect(hook("sigfox/up", { ...up, seqNumber: undefined })).toMatchObject({ reason: expect.stringContaining('"seqNumber":{seqNumber}') });
  });
});

describe("SORACOM", () => {
  const IMSI = "440103012345678";
  const pack = [
    { bn: "water.", n: "level", u: "cm", v: 4.2 },
    { n: "temperature", u: "Cel", v: 19.5, t: -60 },
  ];
  const device = { kind: "imsi", imsi: IMSI };
  const records = (nowMs: number) => [
    { name: "water.level", value: 4.2, unit: "cm", timeMs: null },
    { name: "water.temperature", value: 19.5, unit: "Cel", timeMs: nowMs - 60_000 },
  ];
  const base64 = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64");
  const TAKEN_MS = 1_780_271_999_421;
  // users.soracom.io, Funnel, "format": what it posts with "payloads only" off.
  const funnel = (payloads: unknown) => ({
    credentialsId: "credentials",
    operatorId: "OP0000000000",
    destination: { provider: "aws", service: "aws-iot", resourceUrl: "…", payloadsOnly: false, sendPayloadsAsBinary: false },
    sourceProtocol: "http",
    payloads,
    timestamp: TAKEN_MS,
    imsi: IMSI,
    imei: "867600000000000",
  });

  test.each([
    ["Beam, HTTP: the device's own body", IMSI, pack, null],
    ["Beam, TCP and UDP: payload conversion", IMSI, { payload: base64(pack) }, null],
    ["Funnel", "-", funnel(pack), TAKEN_MS],
    ["Funnel, with the IMSI header beside it", IMSI, funnel(pack), TAKEN_MS],
    ["Funnel, JSON as text", "-", funnel(JSON.stringify(pack)), TAKEN_MS],
    ["Funnel, binary", "-", funnel(base64(pack)), TAKEN_MS],
    ["Funnel around a UDP datagram", "-", funnel({ payload: base64(pack) }), TAKEN_MS],
    [
      "Harvest Data",
      "-",
      { resourceType: "Subscriber", resourceId: IMSI, operatorId: "OP", time: TAKEN_MS, contentType: "application/json", content: JSON.stringify(pack) },
      TAKEN_MS,
    ],
  ])("%s", (_name, imsi, body, timeMs) => {
    expect(hook(`soracom/${imsi}`, body)).toEqual({ kind: "senml", device, records: records(timeMs ?? RECEIVED_AT_MS), timeMs, warnings: [] });
  });

  test("one record without its list", () => {
    expect(hook(`soracom/${IMSI}`, { n: "water.level", v: 4 })).toMatchObject({ kind: "senml", records: { length: 1 } });
  });
  test("a timestamp that is no time of a network is none", () => {
    expect(hook("soracom/-", { ...funnel(pack), timestamp: "now" })).toMatchObject({ kind: "senml", timeMs: null });
    expect(hook("soracom/-", { ...funnel(pack), timestamp: String(TAKEN_MS) })).toMatchObject({ kind: "senml", timeMs: TAKEN_MS });
  });

  test.each([
    ["values under names of the device's own", IMSI, { temp: 19.9, humi: 47.6 }, "not a SenML pack"],
    ["the same in an envelope", "-", funnel({ temp: 19.9 }), "not a SenML pack"],
    ["bytes", IMSI, { payload: "AQIDBA==" }, "payload: "],
    ["text", IMSI, { payload: "hello, world" }, "neither JSON nor base64"],
    ["envelopes without end", IMSI, { payload: base64({ payload: base64({ payload: base64(pack) }) }) }, "more envelopes"],
    ["nobody's", "-", pack, "no IMSI"],
    ["another SIM's", "440103012345679", funnel(pack), `imsi: ${IMSI} is not the SIM of the request`],
    ["records of no quantity", IMSI, [{ n: "temp", v: 1 }], "names no known quantity"],
    ["a bare number", IMSI, "4.2", "not a SenML pack"],
  ])("malformed: %s", (_name, imsi, body, reason) => {
    expect(hook(`soracom/${imsi}`, body)).toMatchObject({ kind: "malformed", reason: expect.stringContaining(reason) });
  });
  test("the reason says what to send", () => {
    expect(hook(`soracom/${IMSI}`, { temp: 19.9 })).toMatchObject({ reason: expect.stringContaining('[{"n":"water.level","u":"cm","v":4.2}]') });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseGatewayMessage } from "../../../core/wire/gateway-message.ts";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { chirpstackJoin, chirpstackStatus, chirpstackTopic, chirpstackUp, RECEIVED_AT_MS, ttsJoin, ttsTopic, ttsUp, utf8 } from "./envelopes.ts";

const SENML_TOPIC = "azemichi/v1/devices/kita-3-level/senml";
const senml = [
  { bn: "urn:dev:mac:0024befffe804ff1/", bt: 1.78e9, bu: "cm", n: "water.level", v: 4 },
  { n: "soil.moisture:10", u: "%", v: 30, t: -60 },
];

describe("what is no JSON says what is wrong", () => {
  const deep = `${"[".repeat(33)}${"]".repeat(33)}`;
  test.each([
    ["nothing", new Uint8Array(0), "empty message"],
    ["a cut message", utf8('{"deviceInfo":'), "invalid JSON: "],
    ["a missing comma", utf8('{"a":1 "b":2}'), "invalid JSON: "],
    ["two messages", utf8("{}{}"), "invalid JSON: "],
    ["not a number", utf8('{"fCnt":NaN}'), "invalid JSON: "],
    ["Protobuf", new Uint8Array([0x0a, 0x24, 0xff, 0xfe]), "not UTF-8 text"],
    ["Latin-1", new Uint8Array([0x22, 0xe9, 0x22]), "not UTF-8 text"],
    ["nested without end", utf8(deep), "nested deeper than 32"],
    ["a hundred thousand brackets", utf8("[".repeat(100_000)), "nested deeper than 32"],
    ["a quarter of a megabyte", utf8(`"${" ".repeat(262_144)}"`), "at most 262144 are read"],
  ])("%s", (_name, payload, reason) => {
    for (const topic of [chirpstackTopic("up"), chirpstackTopic("join"), chirpstackTopic("status"), ttsTopic("up"), ttsTopic("join"), SENML_TOPIC]) {
      expect(parseUplink(topic, payload, RECEIVED_AT_MS)).toEqual({ kind: "malformed", reason: expect.stringContaining(reason) });
    }
  });

  test("brackets inside text are no nesting", () => {
    const message = { ...chirpstackUp, note: `${"[".repeat(100)}\\"${"{".repeat(100)}` };
    expect(parseUplink(chirpstackTopic("up"), utf8(message), RECEIVED_AT_MS).kind).toBe("lorawan-up");
  });

  test("a byte order mark is no reason", () => {
    expect(parseUplink(chirpstackTopic("up"), utf8(`\ufeff${JSON.stringify(chirpstackUp)}`), RECEIVED_AT_MS).kind).toBe("lorawan-up");
  });

  test("a reason stays short", () => {
    const uplink = parseUplink(SENML_TOPIC, utf8([{ n: "x".repeat(5000), v: 1 }]), RECEIVED_AT_MS);
    expect(uplink.kind === "malformed" && uplink.reason.length).toBeLessThanOrEqual(201);
  });
});

/** One place of a message replaced, removed, or one byte of its text damaged. */
const originals: readonly (readonly [string, unknown])[] = [
  [chirpstackTopic("up"), chirpstackUp],
  [chirpstackTopic("join"), chirpstackJoin],
  [chirpstackTopic("status"), chirpstackStatus],
  [ttsTopic("up"), ttsUp],
  [ttsTopic("join"), ttsJoin],
  [SENML_TOPIC, senml],
  ["hooks/chirpstack/up", chirpstackUp],
  ["hooks/chirpstack/log", { ...chirpstackStatus, code: "OTAA", description: "x" }],
  ["hooks/tts/up", ttsUp],
  ["hooks/tts/up", ttsJoin],
  ["hooks/helium/up", { dev_eui: "a84041ffff000001", fcnt: 1, port: 2, payload: "qg==", reported_at: 1.78e12, hotspots: [{ id: "a", rssi: -1, snr: 2 }] }],
  ["hooks/sigfox/up", { device: "1a2b3c", time: 1.78e9, data: "0d0a", seqNumber: 1, duplicates: [{ bsId: "0A1B", rssi: -121.5, snr: 12 }] }],
  ["hooks/soracom/440103012345678", senml],
  ["hooks/soracom/-", { operatorId: "OP", timestamp: 1.78e12, imsi: "440103012345678", payloads: senml }],
  ["hooks/soracom/-", { payload: Buffer.from(JSON.stringify(senml)).toString("base64") }],
];

function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...at, key]))];
}

function withPlace(value: unknown, place: readonly string[], replacement: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return replacement;
  if (Array.isArray(value)) return value.map((inner, at) => (String(at) === key ? withPlace(inner, rest, replacement) : inner));
  const copy: Record<string, unknown> = { ...(value as object) };
  copy[key] = withPlace(copy[key], rest, replacement);
  return copy;
}

describe("any damage", () => {
  test("a place replaced by anything never throws", () => {
    const damage = fc
      .constantFrom(...originals)
      .chain(([topic, message]) => fc.tuple(fc.constant(topic), fc.constant(message), fc.constantFrom(...placesOf(message)), fc.jsonValue({ maxDepth: 3 })));
    fc.assert(
      fc.property(damage, ([topic, message, place, replacement]) => {
        const uplink = parseUplink(topic, utf8(JSON.stringify(withPlace(message, place, replacement)) ?? ""), RECEIVED_AT_MS);
        if (uplink.kind === "malformed") expect(uplink.reason).not.toBe("");
        if (uplink.kind === "senml") for (const r of uplink.records) expect(Number.isFinite(r.value)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test("a byte damaged or the end cut off never throws", () => {
    const damage = fc.tuple(fc.constantFrom(...originals), fc.nat(), fc.nat(255), fc.boolean());
    fc.assert(
      fc.property(damage, ([[topic, message], position, byte, cut]) => {
        const bytes = utf8(message);
        const at = position % bytes.length;
        bytes[at] = byte;
        const uplink = parseUplink(topic, cut ? bytes.subarray(0, at) : bytes, RECEIVED_AT_MS);
        if (!topic.startsWith("hooks/")) expect(uplink.kind).not.toBe("other");
      }),
      { numRuns: 1500 },
    );
  });

  test("any bytes on any topic never throw", () => {
    const topics = fc.oneof(fc.constantFrom(...originals.map(([topic]) => topic), "as923/gateway/aa/event/stats", "as923/gateway/aa/state/conn"), fc.string());
    fc.assert(
      fc.property(topics, fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(utf8)), (topic, payload) => {
        parseUplink(topic, payload, RECEIVED_AT_MS);
        parseGatewayMessage(topic, payload);
      }),
      { numRuns: 1500 },
    );
  });
});

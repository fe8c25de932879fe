import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseGatewayMessage } from "../../../core/wire/gateway-message.ts";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { connState, connTopic, statsEvent, statsTopic, type UplinkFrame, upEvent, upTopic } from "../../../firmware-sim/lpwa/chirpstack-envelope.ts";
import { describeNeeding, sharedPath } from "../../support/requirements.ts";

const FRAME: UplinkFrame = {
  fPort: 2,
  bytes: Uint8Array.of(0x0d, 0x0a, 0x07, 0xe9, 0, 0, 0, 1),
  devEui: "02a2e31c00000101",
  deviceName: "北の1番 水位",
  profileName: "dragino-ldds75",
  devAddr: "0012abcd",
  fCnt: 42,
  atMs: Date.UTC(2026, 10, 23, 6, 7, 8, 9),
  gatewayId: "02a2e31cfffe0001",
};
const bytesOf = (message: unknown): Uint8Array => Buffer.from(JSON.stringify(message), "utf8");

test("our own wire reader finds device, counter, port, bytes and both times", () => {
  const uplink = parseUplink(upTopic(FRAME.devEui), bytesOf(upEvent(FRAME)), FRAME.atMs);
  expect(uplink).toMatchObject({
    kind: "lorawan-up",
    device: { kind: "devEui", devEui: FRAME.devEui },
    sessionKey: FRAME.devAddr,
    fCnt: 42,
    fPort: 2,
    networkTimeMs: FRAME.atMs,
    simulated: false,
    gateways: [{ gatewayId: FRAME.gatewayId, timeMs: FRAME.atMs }],
  });
  expect(uplink.kind === "lorawan-up" && Buffer.from(uplink.bytes).toString("hex")).toBe("0d0a07e900000001");
});

test("proto3 leaves zero, false and empty out", () => {
  const first = upEvent({ ...FRAME, fCnt: 0 });
  expect(first).not.toHaveProperty("fCnt");
  expect(first).not.toHaveProperty("confirmed");
  expect(parseUplink(upTopic(FRAME.devEui), bytesOf(first), FRAME.atMs)).toMatchObject({ kind: "lorawan-up", fCnt: 0 });
});

test("times have nine digits of fraction and an offset; ids have the documented form", () => {
  const { time, deduplicationId } = upEvent(FRAME);
  expect(time).toBe("2026-11-23T06:07:08.009000000+00:00");
  expect(deduplicationId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(upEvent({ ...FRAME, fCnt: 43 })["deduplicationId"]).not.toBe(deduplicationId);
});

test("gateway statistics and connection state are understood", () => {
  const { gatewayId, atMs } = FRAME;
  expect(parseGatewayMessage(statsTopic(gatewayId), bytesOf(statsEvent({ gatewayId, atMs, received: 3 })))).toMatchObject({
    gatewayId,
    event: "stats",
    online: true,
  });
  for (const state of ["ONLINE", "OFFLINE"] as const) {
    const read = parseGatewayMessage(connTopic(gatewayId), bytesOf(connState(gatewayId, state)));
    expect(read).toMatchObject({ event: "conn", online: state === "ONLINE" });
  }
});

describeNeeding(["shared"], "against ChirpStack's documented messages", () => {
  const documented = (name: string): Record<string, unknown> => JSON.parse(readFileSync(sharedPath(`lpwa/uplinks/${name}.json`), "utf8"));

  test.each([
    ["up", upEvent(FRAME), [documented("chirpstack-v4-up"), documented("derived-chirpstack-v4-up-two-gateways-with-object")]],
    ["stats", statsEvent({ gatewayId: FRAME.gatewayId, atMs: FRAME.atMs, received: 2 }), [documented("chirpstack-v4-gateway-stats")]],
  ] as const)("%s: each key that ours has is in the documentation, with the same kind of value", (_, ours, theirs) => {
    // In the protocol (api/proto/integration, gw), but not in these two examples.
    const undocumented = new Set(["gwTime", "nsTime", "channel", "rfChain", "metadata"]);
    const kinds = new Map(theirs.flatMap((message) => kindsOf(message, "")));
    for (const [path, kind] of kindsOf(ours, "")) {
      if (!undocumented.has(path.split(".").find((part) => undocumented.has(part)) ?? "")) expect([path, kinds.get(path)]).toEqual([path, kind]);
    }
  });
});

/** Path → kind of value; members of arrays and keys that are data (frequencies) share one path. */
function kindsOf(value: unknown, path: string): [string, string][] {
  if (Array.isArray(value)) return [[path, "array"], ...value.flatMap((v) => kindsOf(v, `${path}[]`))];
  if (typeof value !== "object" || value === null) return [[path, typeof value]];
  return [[path, "object"], ...Object.entries(value).flatMap(([k, v]) => kindsOf(v, `${path}.${/^\d+$/.test(k) ? "#" : k}`))];
}

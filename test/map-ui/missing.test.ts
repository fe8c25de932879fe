import { describe, expect, test } from "vitest";
import type { DeviceJson, GatewayJson } from "../../core/domain/api.ts";
import type { DeviceState, SilenceCause } from "../../core/domain/device-state.ts";
import { silenceWords } from "../../core/domain/silence-words.ts";
import { missingGroups } from "../../map-ui/state/missing.ts";
import { deviceState } from "./support/fixture-field.ts";

const NOW = Date.parse("2026-06-12T00:00:00Z");
const MINUTE_MS = 60_000;
const at = (agoMs: number): string => new Date(NOW - agoMs).toISOString();

function device(id: string, state: Partial<DeviceState> | null, lastReadingAt: string | null = null): DeviceJson {
  const full = state && deviceState(id, NOW, state);
  return { id, name: `計${id}`, devEui: null, profile: "dragino-ldds75", intervalS: 600, plotId: null, lastReadingAt, state: full };
}
function silent(id: string, cause: SilenceCause, names: readonly string[], heardBy: readonly string[] = []): DeviceJson {
  const gateways = heardBy.map((gatewayId) => ({ gatewayId, lastAt: at(0), rssiDbm: null, snrDb: null }));
  const radio = { gateways, framesReceived: 0, framesLost: 0, lossPct: null };
  return device(id, { state: cause === "channel" ? "reporting" : "silent", cause, note: silenceWords(cause, names), radio });
}
function groupsOf(devices: readonly DeviceJson[]): string[] {
  const gateway = (id: string, eui: string, name: string): GatewayJson => ({ id, eui, name, position: null, state: null });
  const gateways = [gateway("g1", "24E124FFFEF00001", "六郷"), gateway("g2", "24e124fffef00002", "千畑")];
  const field = { devices: new Map(devices.map((d) => [d.id, d])), gateways: new Map(gateways.map((g) => [g.id, g])) };
  return missingGroups(field, NOW).map((g) => `${[g.cause, ...g.gateways].join(" ")}: ${g.sensors.map((s) => s.id).join(" ")}`);
}

test("one group for each thing to look at, what hides most first, by name within", () => {
  const [one, two] = ["24e124fffef00001", "24e124fffef00002"];
  expect(
    groupsOf([
      silent("10", "device", []),
      silent("2", "device", []),
      silent("3", "gateway", ["六郷"], [one]),
      silent("4", "gateway", ["六郷", "千畑"], [one, two]),
      silent("5", "gateway", ["千畑", "六郷"], [two, one]),
      silent("6", "gateway", ["六郷"], [one]),
      silent("7", "gateway", ["6"], ["ffff000000000006"]),
      silent("8", "network", ["tts"]),
      silent("9", "network", ["chirpstack"]),
      silent("1", "restart", []),
      device("fine", {}),
    ]),
  ).toEqual([
    "network: 8",
    "network: 9",
    "gateway 六郷: 3 6",
    expect.stringMatching(/^gateway (六郷 千畑|千畑 六郷): 4 5$/),
    "gateway ffff000000000006: 7",
    "device: 2 10",
    "restart: 1",
  ]);
});

test("channels are grouped by what is missing, depth and all", () => {
  const channel = (id: string, depthCm: number) => {
    const channels = [{ quantity: "soil.moisture", depthCm, lastAt: at(0), state: "silent" }] as const;
    return device(id, { cause: "channel", note: silenceWords("channel", ["soil.moisture"]), channels });
  };
  expect(groupsOf([channel("1", 10), channel("2", 30), channel("3", 10)])).toEqual(["channel: 1 3", "channel: 2"]);
});

describe("of which nobody has said why", () => {
  // 600 s interval: heard lately for 3 x 600 + 60 s, and a minute for the word of it
  test.each([
    { name: "never heard", of: device("1", null), listed: true },
    { name: "known and never heard", of: device("1", { state: "unknown", lastSeenAt: null }), listed: true },
    { name: "readings, and no word of it yet", of: device("1", null, at(MINUTE_MS)), listed: false },
    { name: "old readings, and no word of it", of: device("1", null, at(33 * MINUTE_MS)), listed: true },
    { name: "heard, just in time", of: device("1", { lastSeenAt: at(32 * MINUTE_MS) }), listed: false },
    { name: "said to be heard, by a server that has fallen silent itself", of: device("1", { lastSeenAt: at(32 * MINUTE_MS + 1) }), listed: true },
    { name: "silent without a cause", of: device("1", { state: "silent" }), listed: true },
  ])("$name", ({ of, listed }) => {
    expect(groupsOf([of])).toEqual(listed ? ["unsaid: 1"] : []);
  });
});

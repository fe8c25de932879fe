import { describe, expect, test } from "vitest";
import { type Account, covers, judgePublish, maySubscribe } from "../../broker/access.ts";
import { topics } from "../../core/domain/topics.ts";

const device: Account = { kind: "device", id: "kita-3-level" };
const chirpstack: Account = { kind: "network", id: "cs", networkKind: "chirpstack" };
const tts: Account = { kind: "network", id: "tts", networkKind: "tts" };
const anyNetwork: Account = { kind: "network", id: "net", networkKind: null };
const relay: Account = { kind: "role", role: "relay" };
const field: Account = { kind: "role", role: "field" };
const web: Account = { kind: "role", role: "web" };

describe("publish", () => {
  test.each<[string, Account, string, string]>([
    ["device, its own SenML", device, "azemichi/v1/devices/kita-3-level/senml", "uplink"],
    ["device, own subtree", device, "azemichi/v1/devices/kita-3-level/log/x", "bus"],
    ["device, another's id", device, "azemichi/v1/devices/kita-4-level/senml", "refused"],
    ["device, id as prefix only", device, "azemichi/v1/devices/kita-3-level2/senml", "refused"],
    ["device, network's topic", device, "application/1/device/a84041ffff000001/event/up", "refused"],
    ["device, readings of its own", device, "azemichi/v1/readings/kita-3-level", "refused"],
    ["device, $SYS", device, "$SYS/x/new/clients", "refused"],
    ["ChirpStack up", chirpstack, "application/1/device/a84041ffff000001/event/up", "uplink"],
    ["ChirpStack txack", chirpstack, "application/1/device/a84041ffff000001/event/txack", "uplink"],
    ["ChirpStack command of its own", chirpstack, "application/1/device/a84041ffff000001/command/down", "unused"],
    ["ChirpStack gateway stats, region prefix", chirpstack, "as923/gateway/0016c001f153a14c/event/stats", "gateway"],
    ["ChirpStack gateway conn", chirpstack, "as923/gateway/0016c001f153a14c/state/conn", "gateway"],
    ["ChirpStack gateway command", chirpstack, "as923/gateway/0016c001f153a14c/command/down", "unused"],
    ["gateway stats without a region", chirpstack, "gateway/0016c001f153a14c/event/stats", "gateway"],
    ["commands with an empty prefix", chirpstack, "command/down", "unused"],
    ["ChirpStack on TTS topics", chirpstack, "v3/app@ttn/devices/d/up", "refused"],
    ["TTS up", tts, "v3/app@ttn/devices/d/up", "uplink"],
    ["TTS down event", tts, "v3/app@ttn/devices/d/down/ack", "uplink"],
    ["TTS, not a device", tts, "v3/app@ttn/gateways/g/x", "unused"],
    ["TTS on ChirpStack topics", tts, "application/1/device/a84041ffff000001/event/up", "refused"],
    ["kind unknown: both", anyNetwork, "v3/app@ttn/devices/d/up", "uplink"],
    ["network on our own topics", anyNetwork, "azemichi/v1/readings/kita-3-level", "refused"],
    ["network on a device's topic", anyNetwork, "azemichi/v1/devices/kita-3-level/senml", "refused"],
    ["relay, health", relay, "azemichi/v1/bases/misato1/health", "bus"],
    ["relay, events of a base", relay, topics.baseEvents("misato1"), "bus"],
    ["relay, minutes of a base", relay, topics.baseMinutes("misato1"), "bus"],
    ["relay, events of a rover", relay, topics.roverEvents("tractor-1"), "bus"],
    ["relay, refused log-ins", relay, topics.refusals, "bus"],
    ["relay, metrics", relay, "azemichi/v1/internal/metrics/relay", "bus"],
    ["relay, another's metrics", relay, "azemichi/v1/internal/metrics/web", "refused"],
    ["relay, readings", relay, "azemichi/v1/readings/x", "refused"],
    ["web, readings", web, "azemichi/v1/readings/x", "refused"],
    ["wildcard in a will", device, "azemichi/v1/devices/kita-3-level/#", "refused"],
    ["empty topic", device, "", "refused"],
    ["NUL", device, "azemichi/v1/devices/kita-3-level/\0", "refused"],
    ["too deep", device, `azemichi/v1/devices/kita-3-level/${"a/".repeat(20)}b`, "refused"],
    ["too long", device, `azemichi/v1/devices/kita-3-level/${"a".repeat(600)}`, "refused"],
  ])("%s", (_name, account, topic, kind) => {
    expect(judgePublish(account, topic).kind).toBe(kind);
  });

  test("an uplink carries its source for the ledger", () => {
    expect(judgePublish(chirpstack, "application/1/device/a84041ffff000001/event/up")).toEqual({ kind: "uplink", source: "cs" });
    expect(judgePublish(device, "azemichi/v1/devices/kita-3-level/senml")).toEqual({ kind: "uplink", source: "direct" });
  });
});

describe("subscribe", () => {
  test.each<[string, Account, string, boolean]>([
    ["device, own subtree", device, "azemichi/v1/devices/kita-3-level/#", true],
    ["device, own topic", device, "azemichi/v1/devices/kita-3-level/down", true],
    ["device, all", device, "#", false],
    ["device, one level up", device, "azemichi/v1/devices/+/senml", false],
    ["device, readings", device, "azemichi/v1/readings/kita-3-level", false],
    ["device, shared", device, "$share/g/azemichi/v1/devices/kita-3-level/#", false],
    ["ChirpStack commands", chirpstack, "application/+/device/+/command/+", true],
    ["ChirpStack commands of one application", chirpstack, "application/7/device/+/command/down", true],
    ["bare command/#", chirpstack, "command/#", true],
    ["gateway commands", chirpstack, "as923/gateway/+/command/#", true],
    ["gateway commands without a region", chirpstack, "gateway/+/command/#", true],
    ["gateway stats", chirpstack, "gateway/+/event/stats", false],
    ["ChirpStack uplinks of others", chirpstack, "application/+/device/+/event/up", false],
    ["ChirpStack everything", chirpstack, "application/#", false],
    ["ChirpStack on TTS", chirpstack, "v3/+/devices/+/down/push", false],
    ["TTS downlinks", tts, "v3/+/devices/+/down/#", true],
    ["TTS uplinks", tts, "v3/+/devices/+/up", false],
    ["kind unknown", anyNetwork, "v3/app/devices/+/down/push", true],
    ["network, shared", anyNetwork, "$share/g/command/#", false],
    ["network, $SYS", anyNetwork, "$SYS/#", false],
    ["network, readings", anyNetwork, "azemichi/v1/readings/#", false],
    ["relay hears nothing", relay, "azemichi/v1/bases/#", false],
    ["field hears health for its history", field, topics.baseHealth("+"), true],
    ["field hears minutes of bases", field, topics.baseMinutes("+"), true],
    ["field hears events of bases", field, topics.baseEvents("+"), true],
    ["field hears rovers", field, topics.rover("+"), true],
    ["field hears events of rovers", field, topics.roverEvents("+"), true],
    ["field, not the uplinks, which are handed to it", field, "application/#", false],
    ["web hears ours", web, "azemichi/v1/#", true],
    ["web, not the networks", web, "application/#", false],
    ["web, not everything", web, "#", false],
  ])("%s", (_name, account, filter, allowed) => {
    expect(maySubscribe(account, filter)).toBe(allowed);
  });
});

test.each([
  ["a/#", "a", true], // the parent level too [MQTT-4.7.1-2]
  ["a/#", "a/b/c", true],
  ["a/#", "ab", false],
  ["a/+", "a/+", true],
  ["a/+", "a/#", false],
  ["a/b", "a/+", false],
  ["a/+/c", "a/b", false],
  ["a/b", "a/b/c", false],
  ["+/x", "/x", true], // an empty level is a level [MQTT-4.7.1-3]
])("%s covers %s: %s", (pattern, filter, expected) => {
  expect(covers(pattern, filter)).toBe(expected);
});

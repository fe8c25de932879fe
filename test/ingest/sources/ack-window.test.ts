import fc from "fast-check";
import { expect, test } from "vitest";
import { AckWindow } from "../../../ingest/sources/ack-window.ts";
import { subscriptionsOf, verdictOn } from "../../../ingest/sources/subscriptions.ts";

test("whatever is on disk first, acknowledgements leave in the order of arrival, once, and none before its own", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(1000)), { maxLength: 40 }), fc.infiniteStream(fc.nat()), (messages, chance) => {
      const left: number[] = [];
      const window = new AckWindow((id) => left.push(id));
      const open = messages.map(([qos1, bytes], i) => ({ id: i + 1, qos1, settle: window.open(qos1 ? i + 1 : null, bytes) }));
      const settled = new Set<number>();
      while (open.length > 0) {
        const [one] = open.splice((chance.next().value as number) % open.length, 1);
        one?.settle();
        one?.settle();
        settled.add(one?.id ?? 0);
        for (const id of left) for (let before = 1; before <= id; before += 1) expect(settled.has(before)).toBe(true);
      }
      expect(left).toEqual(messages.flatMap(([qos1], i) => (qos1 ? [i + 1] : [])));
      expect([window.messages, window.bytes]).toEqual([0, 0]);
    }),
  );
});

test.each([
  ["chirpstack", [], "", 5],
  ["helium", [], "", 5],
  ["tts", [], "", 1],
  [null, [], "", 7],
  ["sigfox", [], "", 7],
  ["chirpstack", ["x/#", "x/#"], "", 1],
])("kind %s with filters %j asks for %#", (kind, filters, prefix, count) => {
  const { filters: asked, stale } = subscriptionsOf({ kind, filters, prefix });
  expect(asked).toHaveLength(count);
  expect(stale.filter((filter) => asked.includes(filter))).toEqual([]);
});

test("a prefix stands before every filter of the kind", () => {
  expect(subscriptionsOf({ kind: "tts", filters: [], prefix: "site1/" }).filters).toEqual(["site1/v3/+/devices/+/#"]);
});

test.each([
  ["application/1/device/a84041ffff000001/event/up", "uplink"],
  ["application/1/device/a84041ffff000001/event/anything", "uplink"],
  ["application/1/device/a84041ffff000001/command/down", "unused"],
  ["v3/app@ttn/devices/dev/down/ack", "uplink"],
  ["azemichi/v1/devices/pond/senml", "uplink"],
  ["azemichi/v1/readings/pond", "unused"],
  ["as923/gateway/0016c001f153a14c/event/stats", "gateway"],
  ["gateway/0016c001f153a14c/state/conn", "gateway"],
  ["zigbee2mqtt/x", "unused"],
  [`application/${"x".repeat(600)}/device/a84041ffff000001/event/up`, "unused"],
])("%s is %s", (topic, verdict) => expect(verdictOn(topic)).toBe(verdict));

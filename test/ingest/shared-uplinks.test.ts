import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeNeeding, sharedPath } from "../support/requirements.ts";
import { Bench, levelSensor } from "./support.ts";

const CHIRPSTACK = "0101010101010101";
const chirpstack = (event: string): string => `application/1/device/${CHIRPSTACK}/event/${event}`;
const tts = (event: string): string => `v3/app@ttn/devices/dev/${event}`;

/** Every published message of the collection, on the topic that its network gives it, and what becomes of it. */
const EXPECTED: Readonly<Record<string, readonly [topic: string, outcome: string]>> = {
  "derived-chirpstack-v4-up-two-gateways-with-object.json": [chirpstack("up"), "stored"],
  "chirpstack-v4-up.json": [chirpstack("up"), "quarantined"], // its bytes are no DL-PR26's
  "chirpstack-v4-status.json": [chirpstack("status"), "stored"],
  "chirpstack-v4-join.json": [chirpstack("join"), "rejected"],
  "chirpstack-v4-ack.json": [chirpstack("ack"), "rejected"],
  "chirpstack-v4-txack.json": [chirpstack("txack"), "rejected"],
  "chirpstack-v4-log.json": [chirpstack("log"), "rejected"],
  "chirpstack-v4-location.json": [chirpstack("location"), "rejected"],
  "chirpstack-v4-integration.json": [chirpstack("integration"), "rejected"],
  "tts-v3-up.json": [tts("up"), "rejected"],
  "tts-v3-up.as-published-invalid.txt": [tts("up"), "quarantined"],
  "tts-v3-up-no-f_cnt-no-decoded.json": [tts("up"), "rejected"],
  "tts-v3-up-normalized-fragment.json": [tts("up"), "quarantined"],
  "tts-v3-join.json": [tts("join"), "rejected"],
  "tts-v3-downlink-ack.json": [tts("down/ack"), "rejected"],
  "tts-v3-downlink-failed.json": [tts("down/failed"), "rejected"],
  "tts-v3-downlink-push.json": [tts("down/push"), "rejected"],
  "helium-console-legacy-up.json": ["hooks/helium/up", "rejected"],
};
const GATEWAY_FILES = ["chirpstack-v4-gateway-stats.json", "chirpstack-v4-gateway-up.json", "README.md"]; // not in the ledger

describeNeeding(["shared"], "the published uplinks", () => {
  test("each is accounted for, and the ledger balances", () => {
    const files = readdirSync(sharedPath("lpwa/uplinks")).filter((name) => !GATEWAY_FILES.includes(name));
    expect(files.sort()).toEqual(Object.keys(EXPECTED).sort());
    const bench = new Bench([levelSensor({ devEui: CHIRPSTACK, profile: "decentlab-dl-pr26" })]);
    const outcomes = files.map((name) => {
      const [topic] = EXPECTED[name] as readonly [string, string];
      return bench.send({ topic, payload: readFileSync(sharedPath(`lpwa/uplinks/${name}`)) })[0]?.split(":")[0];
    });
    expect(Object.fromEntries(files.map((name, i) => [name, outcomes[i]]))).toEqual(Object.fromEntries(files.map((name) => [name, EXPECTED[name]?.[1]])));
    expect(Object.values(bench.ledger()).reduce((a, b) => a + b, 0)).toBe(files.length);
  });
});

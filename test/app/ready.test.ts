import { expect, test } from "vitest";
import { readConfig } from "../../app/config.ts";
import { plainListeners } from "../../app/ready.ts";

test.each([
  { env: {}, told: [] },
  { env: { AZEMICHI_BIND: "::1" }, told: [] },
  { env: { AZEMICHI_NTRIP_BIND: "0.0.0.0" }, told: [] }, // many consoles speak plain NTRIP only
  { env: { AZEMICHI_MQTT_BIND: "192.0.2.7" }, told: [{ what: "MQTT", bind: "192.0.2.7" }] },
  {
    env: { AZEMICHI_BIND: "0.0.0.0" },
    told: [
      { what: "HTTP", bind: "0.0.0.0" },
      { what: "MQTT", bind: "0.0.0.0" },
    ],
  },
])("$env tells of $told", ({ env, told }) => {
  expect(plainListeners(readConfig(env))).toEqual(told);
});

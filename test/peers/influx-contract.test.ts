import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { createInflux } from "../../store/influx.ts";
import type { InfluxTarget } from "../../store/influx-client.ts";
import { describeTelemetryContract, type TelemetryStore } from "../store/telemetry-contract.ts";
import { Influxd } from "../support/influxd.ts";
import { describeNeeding } from "../support/requirements.ts";

const env = (name: string) => process.env[`AZEMICHI_TEST_INFLUX_${name}`] ?? null;
const NONE = { token: null, org: null, bucket: null, database: null, username: null, password: null };

/** Each test is a site of its own, so that a database may be shared. */
async function openSite(target: InfluxTarget, pageRows: number): Promise<TelemetryStore> {
  const { reader, writer } = createInflux(target, { siteId: `test-${randomUUID()}`, pageRows });
  return { reader, writer, close: async () => {} };
}

describeNeeding(["influxd"], "InfluxDB 1.x keeps the store's contract", () => {
  let influxd: Influxd;
  const target = (): InfluxTarget => ({ ...NONE, url: influxd.url, database: "azemichi" });
  describeTelemetryContract({
    async prepare() {
      influxd = await Influxd.prepare();
      await influxd.start();
      expect(await createInflux(target(), { siteId: "x" }).ensureDatabase()).toEqual({ kind: "ready" });
    },
    open: ({ pageRows }) => openSite(target(), pageRows),
    end: () => influxd.remove(),
  });
});

const named = env("URL");
if (named !== null) {
  describe("the InfluxDB of AZEMICHI_TEST_INFLUX_URL keeps the store's contract", () => {
    const target = { ...NONE, url: named, token: env("TOKEN"), org: env("ORG"), bucket: env("BUCKET"), database: env("DATABASE") };
    describeTelemetryContract({ open: ({ pageRows }) => openSite(target, pageRows) });
  });
}

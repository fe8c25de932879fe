import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createInflux } from "../../store/influx.ts";
import { encodePoint, fromTag, type InfluxPoint } from "../../store/line-protocol.ts";
import { Influxd } from "../support/influxd.ts";
import { parseLine } from "../support/line-grammar.ts";
import { T0_MS } from "../support/make-reading.ts";
import { describeNeeding } from "../support/requirements.ts";

const POINTS = 800;

describeNeeding(["influxd"], "line protocol before a real influxd", () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await Influxd.prepare();
    await influxd.start();
  });
  afterAll(() => influxd.remove());

  test("any id and value is read as our grammar reads it, and comes back", async () => {
    const unit = fc.oneof(fc.constantFrom(",", "=", " ", "\\", "\n", "\t", '"', "'", "%", "#", "a"), fc.string({ unit: "binary", minLength: 1, maxLength: 1 }));
    const id = fc.string({ unit, minLength: 1, maxLength: 12 }).map((s) => s.toWellFormed());
    const given = fc.record({ deviceId: id, plotId: fc.option(id), value: fc.double({ noNaN: true, noDefaultInfinity: true }) });
    const points = fc
      .sample(given, { numRuns: POINTS, seed: 20260601 })
      .map((g, i): InfluxPoint => ({ ...g, quantity: "wind.speed", depthCm: null, timeMs: T0_MS + i, flag: 1 }));
    const { writer } = createInflux(
      { url: influxd.url, database: "lines", token: null, org: null, bucket: null, username: null, password: null },
      { siteId: "a site, = \\ 'x'" },
    );
    expect(await writer.ensureDatabase()).toEqual({ kind: "ready" });
    expect(await writer.send(points)).toEqual({ kind: "stored" });

    const rows = await influxd.ask('SELECT speed, speed_q, device, plot, site FROM "wind"', "lines");
    expect(rows).toHaveLength(POINTS);
    rows.forEach((row, i) => {
      const point = points[i] as InfluxPoint;
      const { tags, fields, timeMs } = parseLine(encodePoint(point, "a site, = \\ 'x'"));
      expect(row).toEqual({ time: timeMs, ...fields, device: tags["device"], plot: tags["plot"] ?? null, site: tags["site"] });
      expect(fromTag(row["device"] as string)).toBe(point.deviceId);
      expect(fromTag(row["site"] as string)).toBe("a site, = \\ 'x'");
      expect(row["plot"] === null ? null : fromTag(row["plot"] as string)).toBe(point.plotId);
      expect(row["speed"]).toBe((point.value ?? 0) + 0);
    });
  });
});

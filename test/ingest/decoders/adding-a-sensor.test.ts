import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseSenml } from "../../../core/wire/senml.ts";
import { cayenneLpp } from "../../../ingest/decoders/cayenne-lpp.ts";
import { decodeFrame } from "../../../ingest/decoders/registry.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const blocks = [...read("docs/adding-a-sensor.md").matchAll(/```(\w+)\n([\s\S]*?)```/g)].map((m) => ({ language: m[1], text: m[2] ?? "" }));

describe("docs/adding-a-sensor.md shows what is there", () => {
  test("the table is the decoder's own file", () => {
    expect(blocks.find((b) => b.language === "ts")?.text).toBe(read("ingest/decoders/decentlab-dl-pyr.ts"));
  });
  test("the vector is one of the tests'", () => {
    const vector: unknown = JSON.parse(blocks.find((b) => b.language === "json" && b.text.includes('"hex"'))?.text ?? "");
    expect((JSON.parse(read("test/vectors/lpwa/frames.json")) as { frames: unknown[] }).frames).toContainEqual(vector);
  });
  test("the names of Cayenne LPP's channels are those that the table gives", () => {
    const named = [...read("docs/adding-a-sensor.md").matchAll(/`([a-z_]+)_N`/g)].map((m) => m[1]);
    const given = cayenneLpp.framing.kind === "types" ? cayenneLpp.framing.types.flatMap((t) => t.rows.flatMap((row) => row.gives ?? [])) : [];
    expect([...new Set(named)].sort()).toEqual(given.map((g) => ("channel" in g ? g.channel : "")).sort());
  });
  test("the LPP device of the example gives what its channels say", () => {
    const device = JSON.parse(blocks.find((b) => b.text.includes("cayenne-lpp"))?.text ?? "") as { channels: Record<string, string> };
    const bytes = new Uint8Array(Buffer.from("0182000002b2026700c303670096 0402016c".replace(" ", ""), "hex"));
    expect(decodeFrame("cayenne-lpp", { bytes, fPort: 1, channels: device.channels })).toMatchObject({
      warnings: [],
      values: [
        { quantity: "water.distance", value: 690 },
        { quantity: "water.temperature", value: 19.5 },
        { quantity: "soil.temperature", depthCm: 10, value: 15 },
        { quantity: "device.batteryVoltage", value: 3.64 },
      ],
    });
  });
  test("the SenML example is read", () => {
    const pack = /`(\[\{.*\}\])`/.exec(read("docs/adding-a-sensor.md"))?.[1] ?? "";
    expect(parseSenml("x", new TextEncoder().encode(pack), 0)).toEqual({
      kind: "senml",
      device: { kind: "mqtt", deviceId: "x" },
      records: [{ name: "soil.moisture:10", value: 31.5, unit: "%", timeMs: 1_780_272_000_000 }],
      timeMs: null,
      warnings: [],
    });
  });
});

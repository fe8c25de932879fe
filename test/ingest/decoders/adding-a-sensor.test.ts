import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseSenml } from "../../../core/wire/senml.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const blocks = [...read("docs/adding-a-sensor.md").matchAll(/```(\w+)\n([\s\S]*?)```/g)].map((m) => ({ language: m[1], text: m[2] ?? "" }));

describe("docs/adding-a-sensor.md shows what is there", () => {
  test("the table is the decoder's own file", () => {
    expect(blocks.find((b) => b.language === "ts")?.text).toBe(read("ingest/decoders/decentlab-dl-pyr.ts"));
  });
  test("the vector is one of the tests'", () => {
    const vector: unknown = JSON.parse(blocks.find((b) => b.language === "json")?.text ?? "");
    expect((JSON.parse(read("test/vectors/lpwa/frames.json")) as { frames: unknown[] }).frames).toContainEqual(vector);
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

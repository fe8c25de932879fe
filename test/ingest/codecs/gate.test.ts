import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { CodecMapping, CodecVector } from "../../../core/domain/codec.ts";
import { CodecBench } from "../../../ingest/codecs/codec-bench.ts";
import { codecVersion } from "../../../ingest/codecs/codec-version.ts";
import { runGate } from "../../../ingest/codecs/gate.ts";
import { gateFrames } from "../../../ingest/codecs/gate-frames.ts";
import { Sandbox } from "../../../ingest/codecs/sandbox.ts";
import type { ScriptResult } from "../../../ingest/codecs/script-result.ts";
import { mismatch } from "../../../ingest/codecs/vector-match.ts";
import { DATA, FRAME_HEX, MAPPING, PLAIN, RUNAWAYS, runaway } from "./scripts.ts";

const sandbox = new Sandbox();
sandbox.start();
afterAll(() => sandbox.close());

const VECTOR: CodecVector = { name: "frost", fPort: 1, bytesHex: FRAME_HEX, expected: { data: DATA, warnings: [] } };
const version = (script: string, more: { mapping?: readonly CodecMapping[]; vectors?: readonly CodecVector[] } = {}) =>
  codecVersion({ id: "probe", script, mapping: more.mapping ?? MAPPING, vectors: more.vectors ?? [VECTOR] });
const gate = (...of: Parameters<typeof version>) => runGate(version(...of), sandbox, () => performance.now());
/** A decoder of one byte, which does what `body` says. */
const tiny = (body: string) => ({
  script: `function decodeUplink(input) { ${body} }`,
  more: {
    mapping: [{ path: "t", quantity: "air.temperature", scale: 1, offset: 0, depthCm: null }] as const,
    vectors: [{ name: "one", fPort: 2, bytesHex: "0102", expected: { t: 1 } }],
  },
});

describe("goes live", () => {
  test("a decoder that refuses what it does not know", () => {
    const { gate: found, unreached } = gate(PLAIN);
    expect(found).toMatchObject({ live: true, failures: [], frames: { planned: 1005, ran: 1005 } }); // vector, empty frame, 3 beginnings, 1000 random
    expect(found.frames.errors).toBeGreaterThan(900);
    expect(found.why).toBe("all 1005 frames ran; 1 vectors give what they should");
    expect(unreached).toEqual([]);
  });

  test("the example of docs/codecs.md", () => {
    const text = readFileSync(new URL("../../../docs/codecs.md", import.meta.url), "utf8");
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? "");
    const mapping = example.mapping.map((row: Partial<CodecMapping>) => ({ scale: 1, offset: 0, depthCm: null, ...row }));
    expect(gate(example.script, { mapping, vectors: example.vectors })).toMatchObject({ gate: { live: true }, unreached: [] });
  });

  test("twice the same verdict, frame by frame", () => {
    const script = "function decodeUplink(input) { return { data: { t: input.bytes[0] % 7 === 3 ? NaN : 1 } }; }";
    const { mapping } = tiny("").more;
    expect(gate(script, { mapping }).gate.failures).toEqual(gate(script, { mapping }).gate.failures);
    expect(gateFrames([VECTOR], "00".repeat(32))).toEqual(gateFrames([VECTOR], "00".repeat(32)));
    expect(gateFrames([VECTOR], "01".repeat(32))).not.toEqual(gateFrames([VECTOR], "00".repeat(32)));
  });

  test("NaN where no reading comes from harms nobody", () => {
    const { script, more } = tiny("return input.bytes.length === 0 ? { errors: ['empty'] } : { data: { t: 1, id: input.bytes[1] * 2 } };");
    const vectors = [{ name: "one", fPort: 2, bytesHex: "0102", expected: { t: 1, id: 4 } }];
    expect(gate(script, { ...more, vectors }).gate).toMatchObject({ live: true });
  });

  test("a mapped path that no vector reaches is told", () => {
    const mapping = [...MAPPING, { ...(MAPPING[0] as CodecMapping), path: "humidty" }];
    expect(gate(PLAIN, { mapping }).unreached).toEqual(["humidty"]);
  });
});

describe("does not go live", () => {
  test.each([
    { what: "no vectors", script: PLAIN, more: { vectors: [] }, why: /no vectors/ },
    {
      what: "a vector that is not met",
      script: PLAIN,
      more: { vectors: [{ ...VECTOR, expected: { ...DATA, battery: 2.6 } }] },
      why: /vector "frost": data.battery is 2.5, expected 2.6/,
    },
    { what: "a vector that is refused", script: PLAIN, more: { vectors: [{ ...VECTOR, fPort: 7 }] }, why: /vector "frost": errors: unknown fPort/ },
    { what: "a reading from an empty frame", ...tiny("return { data: { t: 1 } };"), why: /the empty frame: gives air.temperature = 1 out of nothing/ },
    {
      what: "NaN from a frame cut short",
      ...tiny("return input.bytes.length === 0 ? { errors: ['empty'] } : { data: { t: input.bytes[1] / 2 } };"),
      why: /the first 1 bytes of "one": t is NaN/,
    },
    { what: "no script", script: "function (", more: {}, why: /cannot be loaded: SyntaxError/ },
  ])("$what", ({ script, more, why }) => {
    const { gate: found } = gate(script, more);
    expect(found.live).toBe(false);
    expect(found.why).toMatch(why);
  });

  test.each(RUNAWAYS.filter(({ name }) => !name.includes("hours")))("$name ends it at once", ({ body }) => {
    const { mapping } = tiny("").more;
    const vectors = [
      { name: "good", fPort: 1, bytesHex: "00", expected: { ok: 1 } },
      { name: "bad", fPort: 9, bytesHex: "00", expected: { ok: 1 } },
    ];
    const { gate: found } = gate(runaway(body), { mapping, vectors });
    expect(found).toMatchObject({ live: false, frames: { ran: 2 }, failures: [{ what: 'vector "bad"', fPort: 9, bytesHex: "00" }] });
    expect(found.why).toMatch(/^vector "bad": stopped/);
  });

  test("when its time is over: how many frames ran is said", () => {
    let nowMs = 0;
    const slow: Pick<Sandbox, "runAll"> = {
      runAll: (_script, frames) => {
        nowMs += frames.length * 10;
        return { outcomes: frames.map(() => ({ kind: "threw", message: "no" }) as const), stop: null };
      },
    };
    const { gate: found } = runGate(version(PLAIN, { vectors: [] }), slow, () => nowMs);
    expect(nowMs).toBeLessThanOrEqual(4000);
    expect(found).toMatchObject({ live: false, frames: { planned: 1001, ran: 390 } });
    expect(found.why).toBe("only 390 of 1001 frames ran within 4 s");
  });

  test("its time is over also where each frame takes all that it may", () => {
    let nowMs = 0;
    const slowest: Pick<Sandbox, "runAll"> = {
      runAll: (_script, frames) => {
        nowMs += frames.length * 129;
        return { outcomes: frames.map(() => ({ kind: "threw", message: "no" }) as const), stop: null };
      },
    };
    const { gate: found } = runGate(version(PLAIN, { vectors: [] }), slowest, () => nowMs);
    expect(nowMs).toBeLessThanOrEqual(4000 + 129);
    expect(found.live).toBe(false);
  });
});

describe("vectors", () => {
  const result = (data: unknown, more: Partial<ScriptResult> = {}): ScriptResult => ({
    data,
    normalized: null,
    warnings: [],
    errors: [],
    nonFinite: [],
    ...more,
  });
  test.each([
    { what: "data alone", expected: { a: 1 }, got: result({ a: 1 }), says: null },
    { what: "the whole answer", expected: { data: { a: 1 }, warnings: [], errors: [] }, got: result({ a: 1 }), says: null },
    { what: "last digits", expected: { a: 0.3 }, got: result({ a: 0.1 + 0.2 }), says: null },
    { what: "numbers in strings", expected: { a: 12.5 }, got: result({ a: "12.50" }), says: null },
    { what: "data with a field data", expected: { data: 5 }, got: result({ data: 5 }), says: null },
    { what: "expected errors", expected: { errors: ["x"] }, got: result(null, { errors: ["x"] }), says: null },
    { what: "another error", expected: { errors: ["x"] }, got: result(null, { errors: ["y"] }), says: 'errors[0] is "y", expected "x"' },
    { what: "no error", expected: { errors: ["x"] }, got: result({}), says: "errors has 0 entries, expected 1" },
    { what: "warnings are not asked for", expected: { data: { a: 1 } }, got: result({ a: 1 }, { warnings: ["w"] }), says: null },
    { what: "a missing warning", expected: { data: { a: 1 }, warnings: ["w"] }, got: result({ a: 1 }), says: "warnings has 0 entries, expected 1" },
    { what: "another value", expected: { a: { b: [1, 2] } }, got: result({ a: { b: [1, 3] } }), says: "data.a.b[1] is 3, expected 2" },
    { what: "a value too many", expected: { a: 1 }, got: result({ a: 1, b: 2 }), says: "data.b is 2, expected absent" },
    { what: "a value too few", expected: { a: 1, b: null }, got: result({ a: 1 }), says: "data.b is absent, expected null" },
    { what: "another type", expected: { a: [] }, got: result({ a: {} }), says: "data.a is {}, expected []" },
  ])("$what", ({ expected, got, says }) => expect(mismatch(expected, got)).toBe(says));
});

describe("the bench", () => {
  test("gates and tries in a thread; what is too much is told to come back", async () => {
    const bench = new CodecBench();
    try {
      const frame = { bytes: Buffer.from(FRAME_HEX, "hex"), fPort: 1, recvTimeMs: 0 };
      const answers = await Promise.all([bench.gate(version(PLAIN)), ...Array.from({ length: 5 }, () => bench.try(version(PLAIN), frame))]);
      expect(answers[0]).toMatchObject({ gate: { live: true } });
      expect(answers[1]).toEqual({
        data: DATA,
        warnings: [],
        errors: [],
        readings: [
          { quantity: "soil.temperature", value: -10, unit: "Cel", depthCm: 10, time: null },
          { quantity: "soil.moisture", value: 30.5, unit: "%", depthCm: 10, time: null },
          { quantity: "device.batteryVoltage", value: 2.5, unit: "V", depthCm: null, time: null },
        ],
      });
      expect(answers.filter((answer) => answer === null)).toHaveLength(1);
      expect(await bench.try(version(runaway("while (true) {}")), { ...frame, fPort: 9 })).toMatchObject({
        data: null,
        errors: [expect.stringMatching(/^stopped/)],
        readings: [],
      });
      expect(await bench.try(version(tiny("return { data: { t: NaN } };").script, tiny("").more), frame)).toMatchObject({ errors: ["t is NaN"], readings: [] });
    } finally {
      await bench.close();
    }
    await bench.close();
    await expect(bench.gate(version(PLAIN))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});

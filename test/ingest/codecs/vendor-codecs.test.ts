import { afterAll, describe, expect, test } from "vitest";
import type { VendorCodec } from "../../../core/domain/codec.ts";
import { codecVersion } from "../../../ingest/codecs/codec-version.ts";
import type { SandboxOutcome } from "../../../ingest/codecs/sandbox-protocol.ts";
import { VendorCodecs } from "../../../ingest/codecs/vendor-codecs.ts";
import { DATA, FRAME, MAPPING, PLAIN, runaway } from "./scripts.ts";

const GATE: VendorCodec["gate"] = { live: true, why: "", at: "2026-06-01T00:00:00.000Z", frames: { planned: 0, ran: 0, errors: 0 }, failures: [] };
const live = (id: string, script: string, mapping = MAPPING): VendorCodec => ({ ...codecVersion({ id, script, mapping, vectors: [] }), gate: GATE });

describe("codecs in the field", () => {
  const opened: VendorCodecs[] = [];
  const open = async (...codecs: VendorCodec[]): Promise<VendorCodecs> => {
    const made = await VendorCodecs.open();
    opened.push(made);
    made.load(codecs);
    return made;
  };
  afterAll(() => {
    for (const codecs of opened) codecs.close();
  });

  test("a frame gives readings that name codec and hash", async () => {
    const codec = live("probe", PLAIN);
    const codecs = await open(codec);
    expect(codecs.decode("probe", FRAME)).toEqual({
      kind: "decoded",
      values: [
        { quantity: "soil.temperature", depthCm: 10, value: -10, timeMs: null, reasons: [] },
        { quantity: "soil.moisture", depthCm: 10, value: 30.5, timeMs: null, reasons: [] },
        { quantity: "device.batteryVoltage", depthCm: null, value: 2.5, timeMs: null, reasons: [] },
      ],
      warnings: [],
      fields: DATA,
      codec: { id: "probe", sha256: codec.sha256 },
      levelKind: null,
    });
    expect(codecs.decode("other", FRAME)).toEqual({ kind: "not-live" });
    expect(codecs.decode("probe", { ...FRAME, fPort: 2 })).toEqual({ kind: "undecodable", reason: "codec probe: unknown fPort" });
  });

  test("no mapped value is no error; a mapped NaN is", async () => {
    const codecs = await open(live("probe", "function decodeUplink(input) { return { data: input.fPort === 1 ? { other: 1 } : { battery: NaN } }; }"));
    expect(codecs.decode("probe", FRAME)).toMatchObject({ kind: "decoded", values: [], fields: { other: 1 } });
    expect(codecs.decode("probe", { ...FRAME, fPort: 2 })).toEqual({ kind: "undecodable", reason: "codec probe: battery is NaN" });
  });

  test("a runaway script costs its own frame only", async () => {
    const codecs = await open(live("bad", runaway("while (true) {}")), live("good", PLAIN));
    expect(codecs.decode("bad", { ...FRAME, fPort: 9 })).toEqual({ kind: "undecodable", reason: "codec bad: stopped after 100 ms" });
    expect(codecs.decode("good", FRAME)).toMatchObject({ kind: "decoded" });
    expect(codecs.decode("bad", FRAME)).toMatchObject({ kind: "decoded", fields: { ok: 1 } });
  });

  test("another version takes over; what is gone decodes no more", async () => {
    const codecs = await open(live("a", PLAIN), live("b", PLAIN));
    const next = live("a", `${PLAIN} // mended`);
    codecs.load([next]);
    expect(codecs.decode("a", FRAME)).toMatchObject({ kind: "decoded", codec: { sha256: next.sha256 } });
    expect(codecs.decode("b", FRAME)).toEqual({ kind: "not-live" });
  });
});

describe("a codec that is stopped again and again", () => {
  const STOPPED: SandboxOutcome = { kind: "stopped", by: "time", message: "stopped" };
  const RAN: SandboxOutcome = { kind: "ran", json: '{"data":{"battery":1}}' };

  async function bench() {
    const asked: string[] = [];
    const state = { nowMs: 0, outcome: STOPPED };
    const sandbox = {
      run: ({ sha256 }: { sha256: string }) => {
        asked.push(sha256);
        return state.outcome;
      },
      keep: () => {},
      close: () => {},
    };
    const codecs = await VendorCodecs.open({ sandbox, nowMs: () => state.nowMs });
    codecs.load([live("bad", PLAIN), live("other", PLAIN)]);
    const decode = (id = "bad", times = 1): string[] => Array.from({ length: times }, () => JSON.stringify(codecs.decode(id, FRAME)));
    return { asked, state, codecs, decode };
  }

  test("is left alone for a minute after ten stops in a row, the others are not", async () => {
    const { asked, state, decode } = await bench();
    decode("bad", 10);
    expect(decode()[0]).toMatch(/suspended for a minute: it was stopped 10 times in a row/);
    expect(asked).toHaveLength(10);
    decode("other");
    expect(asked).toHaveLength(11);
    state.nowMs = 60_000;
    state.outcome = RAN;
    expect(decode()[0]).toMatch(/"kind":"decoded"/);
  });

  test("one good frame between begins the count again; so does another version", async () => {
    const { asked, state, decode, codecs } = await bench();
    decode("bad", 9);
    state.outcome = RAN;
    decode();
    state.outcome = STOPPED;
    decode("bad", 9);
    expect(asked).toHaveLength(19);
    decode("bad", 2);
    expect(asked).toHaveLength(20);
    codecs.load([live("bad", PLAIN)]);
    decode();
    expect(asked).toHaveLength(20); // the same version
    codecs.load([live("bad", `${PLAIN}//`)]);
    decode();
    expect(asked).toHaveLength(21);
  });
});

test("a version is its script, its mapping and the engine; vectors may change", () => {
  const base = { id: "probe", script: PLAIN, mapping: MAPPING, vectors: [] };
  const { sha256 } = codecVersion(base);
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(codecVersion({ ...base, vectors: [{ name: "v", fPort: 1, bytesHex: "", expected: {} }] }).sha256).toBe(sha256);
  for (const other of [{ script: `${PLAIN} ` }, { mapping: MAPPING.slice(1) }, { id: "probe-2" }])
    expect(codecVersion({ ...base, ...other }).sha256).not.toBe(sha256);
});

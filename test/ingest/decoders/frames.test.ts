import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DecodeResult } from "../../../core/domain/uplink.ts";
import { codecOf, decodeFrame, levelKind, profiles } from "../../../ingest/decoders/registry.ts";
import { describeNeeding, sharedPath } from "../../support/requirements.ts";
import { expectClose } from "./expect-close.ts";

interface Vector {
  readonly name: string;
  readonly profile: string;
  readonly fPort: number | null;
  readonly hex: string;
  readonly channels?: Record<string, string>;
  readonly fields?: Record<string, unknown>;
  readonly values: readonly (readonly [name: string, value: number | null, reason?: string | null, timeMs?: number])[];
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/lpwa/frames.json", import.meta.url), "utf8")) as {
  readonly frames: readonly Vector[];
  readonly undecodable: readonly (Omit<Vector, "values"> & { readonly reason: string })[];
};

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function decode(v: Pick<Vector, "profile" | "fPort" | "channels">, bytes: Uint8Array): DecodeResult {
  const result = decodeFrame(v.profile, { bytes, fPort: v.fPort, channels: v.channels ?? {} });
  if (result.kind === "unknown-profile") throw new Error(`no profile ${v.profile}`);
  return result;
}

describe("frames of the vendors' examples", () => {
  test.each(vectors.frames)("$name", (v) => {
    const result = decode(v, bytesOf(v.hex));
    expect(result.kind, JSON.stringify(result)).toBe("decoded");
    if (result.kind !== "decoded") return;
    expect(result.warnings).toEqual([]);
    const got = result.values.map((d) => [d.depthCm === null ? d.quantity : `${d.quantity}:${d.depthCm}`, d.value, d.reasons[0] ?? null, d.timeMs]);
    expectClose(
      got,
      v.values.map(([name, value, reason, timeMs]) => [name, value, reason ?? null, timeMs ?? null]),
    );
    if (v.fields) for (const [field, value] of Object.entries(v.fields)) expectClose(result.fields[field], value);
  });
});

describe("what is no frame of the product is undecodable, with the byte", () => {
  test.each(vectors.undecodable)("$name", (v) => {
    const result = decode(v, bytesOf(v.hex));
    expect(result.kind).toBe("undecodable");
    if (result.kind === "undecodable") expect(result.reason).toContain(v.reason);
  });

  test.each(vectors.frames)("every truncation: $name", (v) => {
    const bytes = bytesOf(v.hex);
    const whole = decode(v, bytes);
    for (let n = 0; n < bytes.length; n += 1) {
      const cut = decode(v, bytes.subarray(0, n));
      if (cut.kind === "undecodable") {
        expect(cut.reason).toMatch(/byte \d+|all bytes/);
        continue;
      }
      // Milesight's channels and Dragino's records end where the next begins: the part that is whole stands for itself, unchanged.
      expect(v.profile.startsWith("milesight-") || (v.profile === "dragino-lht65n" && n === 11), `${n} bytes of ${v.hex}`).toBe(true);
      if (whole.kind === "decoded") expect(whole.values).toEqual(expect.arrayContaining([...cut.values]));
    }
  });
});

describe("probes that only the site file knows", () => {
  const frame = { profile: "dragino-lse01", fPort: 2 };
  const bytes = bytesOf("ce2900f107a5099b6e2890");
  test("a channel mapped to a quantity of another unit gives a warning and no reading", () => {
    const result = decode({ ...frame, channels: { ds18b20: "water.level" } }, bytes);
    expect(result).toMatchObject({ kind: "decoded", warnings: ["channel ds18b20: water.level is not a quantity in Cel"] });
    if (result.kind === "decoded") expect(result.values.map((v) => v.quantity)).not.toContain("water.level");
  });
  test.each(["", "nonsense", "soil.temperature:99999", "toString"])("a channel named %j gives a warning", (name) => {
    const result = decode({ ...frame, channels: { ds18b20: name } }, bytes);
    expect(result.kind === "decoded" && result.warnings.length).toBe(1);
  });
  test("inherited names are no channels", () => {
    expect(decode({ ...frame, channels: {} }, bytes)).toMatchObject({ warnings: [] });
  });
});

describe("the registry", () => {
  test("knows the seven products of the site file's built-in profiles", () => {
    expect(profiles()).toEqual(
      expect.arrayContaining([
        "dragino-ldds75",
        "dragino-lht65n",
        "dragino-lse01",
        "decentlab-dl-pr26",
        "decentlab-dl-mbx",
        "decentlab-dl-trs12",
        "milesight-em500-swl",
      ]),
    );
  });
  test("an unknown profile is said to be one", () => {
    expect(decodeFrame("constructor", { bytes: new Uint8Array(3), fPort: 1, channels: {} })).toEqual({ kind: "unknown-profile" });
    expect(codecOf("constructor")).toBeNull();
    expect(levelKind("constructor")).toBeNull();
  });
  test("every product has an identity of its own", () => {
    const identities = profiles().map((id) => codecOf(id));
    for (const [at, identity] of identities.entries()) {
      expect(identity?.id).toBe(profiles()[at]);
      expect(identity?.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(new Set(identities.map((i) => i?.sha256)).size).toBe(identities.length);
  });
  test.each([
    ["dragino-ldds75", "distance"],
    ["decentlab-dl-mbx", "distance"],
    ["milesight-em500-udl", "distance"],
    ["decentlab-dl-pr26", "head"],
    ["milesight-em500-swl", "head"],
    ["dragino-lse01", null],
  ])("%s gives a level from its %s", (profile, kind) => expect(levelKind(profile)).toBe(kind));
});

interface SharedVector {
  readonly name: string;
  readonly fPort: number | null;
  readonly bytesHex: string;
  readonly expected: { readonly data?: Record<string, unknown>; readonly errors?: readonly string[] };
}
interface Quirk {
  readonly id: string;
  readonly fPort: number;
  readonly bytesHex: string;
  readonly codecOutput: { readonly data: Record<string, unknown> };
  readonly correct?: Record<string, unknown>;
}

/** The ids of the vectors without the repository they were taken from. */
function profileOf(id: string): string {
  return id.replace(/^ttn-/, "").replace(/^milesight-readme-/, "milesight-");
}

describeNeeding(["shared"], "published codec vectors", () => {
  const file = JSON.parse(readFileSync(sharedPath("lpwa/codec-vectors.json"), "utf8")) as {
    readonly devices: readonly { readonly id: string; readonly vectors: readonly SharedVector[] }[];
    readonly quirks: readonly Quirk[];
  };
  const cases = file.devices.flatMap((d) => d.vectors.map((v, at) => ({ ...v, profile: profileOf(d.id), label: `${d.id} ${at}: ${v.name}` })));

  test("every device of the file has a decoder", () => {
    expect(profiles()).toEqual(expect.arrayContaining([...new Set(cases.map((c) => c.profile))]));
  });

  test.each(cases)("$label", ({ profile, bytesHex, fPort, expected }) => {
    const result = decodeFrame(profile, { bytes: Buffer.from(bytesHex, "hex"), fPort, channels: {} });
    if (expected.errors !== undefined) {
      expect(result.kind).toBe("undecodable");
      return;
    }
    expect(result.kind, JSON.stringify(result)).toBe("decoded");
    if (result.kind === "decoded") expectClose(result.fields, expected.data);
  });

  const decodable = ["dragino-lse01-negative-soil-temp", "dragino-lht65n-probe-missing"];
  test.each(file.quirks.filter((q) => decodable.includes(q.id)))("quirk $id", (quirk) => {
    const profile = profiles().find((id) => quirk.id.startsWith(id)) ?? "none";
    const result = decodeFrame(profile, { bytes: Buffer.from(quirk.bytesHex, "hex"), fPort: quirk.fPort, channels: { ds18b20: "water.temperature" } });
    expect(result.kind).toBe("decoded");
    if (result.kind !== "decoded") return;
    expectClose(result.fields, { ...quirk.codecOutput.data, ...quirk.correct });
    if (quirk.id.endsWith("probe-missing")) {
      expect(result.values).toContainEqual({ quantity: "water.temperature", depthCm: null, value: null, timeMs: null, reasons: ["sentinel"] });
    }
  });

  test("quirk: buffered data is read with its own time", () => {
    const quirk = file.quirks.find((q) => q.id === "milesight-em500-smtc-history-frame");
    const result = decodeFrame("milesight-em500-smtc", { bytes: Buffer.from(quirk?.bytesHex ?? "", "hex"), fPort: 85, channels: {} });
    expect(result.kind === "decoded" && result.values.map((v) => v.timeMs)).toEqual([1_594_913_566_000, 1_594_913_566_000, 1_594_913_566_000]);
  });

  test("quirk: an empty payload is no reading", () => {
    const quirk = file.quirks.find((q) => q.id === "dragino-lse01-empty-payload");
    expect(quirk?.bytesHex).toBe("");
    expect(decodeFrame("dragino-lse01", { bytes: new Uint8Array(0), fPort: 2, channels: {} }).kind).toBe("undecodable");
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DecodeResult } from "../../../core/domain/uplink.ts";
import { codecOf, decodeFrame, levelKind, profiles } from "../../../ingest/decoders/registry.ts";
import { judge } from "../../../ingest/quality.ts";
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
      // Channels and Dragino's records end where the next begins: the part that is whole stands for itself, but for a doubt that came behind it.
      const isList = v.profile.startsWith("milesight-") || v.profile === "cayenne-lpp";
      expect(isList || (v.profile === "dragino-lht65n" && n === 11), `${n} bytes of ${v.hex}`).toBe(true);
      const numbers = (result: DecodeResult) => (result.kind === "decoded" ? result.values.map(({ reasons: _, ...value }) => value) : []);
      expect(numbers(whole)).toEqual(expect.arrayContaining(numbers(cut)));
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

describe("doubts", () => {
  test("a tilt is said of the distance, wherever in the frame it stands", () => {
    for (const hex of ["03824408040001", "04000103824408"]) {
      expect(decode({ profile: "milesight-em310-udl", fPort: 85 }, bytesOf(hex))).toMatchObject({
        values: [{ quantity: "water.distance", value: 2116, reasons: ["tilt"] }],
      });
    }
  });
  test("what is missing keeps its own reason", () => {
    expect(decode({ profile: "milesight-em310-udl", fPort: 85 }, bytesOf("0382ffff040001"))).toMatchObject({
      values: [{ value: null, reasons: ["sentinel"] }],
    });
  });
  test("a suspect reading: kept, flag 3", () => {
    expect(judge({ quantity: "water.distance", value: 2116, reasons: ["tilt"] })).toEqual({ value: 2116, flag: 3, reasons: ["tilt"] });
  });
});

describe("channels of Cayenne LPP", () => {
  test.each([
    ["a quantity of another unit", { temperature_3: "water.level" }, ["channel temperature_3: water.level is not a quantity in Cel"]],
    ["no quantity", { temperature_3: "warmth" }, ["channel temperature_3: warmth is not a quantity in Cel"]],
    ["another channel", { temperature_4: "water.temperature" }, []],
  ])("named as %s give no reading", (_name, channels, warnings) => {
    expect(decode({ profile: "cayenne-lpp", fPort: 1, channels }, bytesOf("03670110"))).toMatchObject({ kind: "decoded", values: [], warnings });
  });
  test("an analog value named as no quantity", () => {
    expect(decode({ profile: "cayenne-lpp", fPort: 1, channels: { analog_in_1: "x" } }, bytesOf("0102016c"))).toMatchObject({
      warnings: ["channel analog_in_1: x is not a quantity"],
    });
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
    ["milesight-em310-udl", "distance"],
    ["cayenne-lpp", "distance"],
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

/**
 * What each published vector means in our quantities and units, worked out by hand from the values that the vendor gives: bar to cm of water
 * (1019.716), m3/m3 to %, µS/cm to dS/m. null = the device says that there is no value.
 */
const MEANING: Readonly<Record<string, readonly (readonly [quantity: string, value: number | null])[]>> = {
  "decentlab-dl-pr26 0": [
    ["water.level", -11.949796875],
    ["water.temperature", 25.671875],
    ["device.batteryVoltage", 3.199],
  ],
  "decentlab-dl-pr26 1": [["device.batteryVoltage", 3.199]],
  "decentlab-dl-mbx 0": [
    ["water.distance", 1234],
    ["device.batteryVoltage", 2.993],
  ],
  "decentlab-dl-mbx 1": [["device.batteryVoltage", 2.993]],
  "decentlab-dl-trs12 0": [
    ["soil.moisture", 0.68869],
    ["soil.temperature", 31.7],
    ["soil.ec", 0],
    ["device.batteryVoltage", 3.2],
  ],
  "decentlab-dl-trs12 1": [["device.batteryVoltage", 3.2]],
  "decentlab-dl-tbrg 0": [
    ["rain.depth", 0.4],
    ["device.batteryVoltage", 3.156],
  ],
  "decentlab-dl-tbrg 1": [["device.batteryVoltage", 3.156]],
  "decentlab-dl-pyr 0": [
    ["air.solarRadiation", 48.065185546875],
    ["device.batteryVoltage", 3.168],
  ],
  "decentlab-dl-pyr 1": [["device.batteryVoltage", 3.168]],
  "dragino-ldds75 0": [
    ["device.batteryVoltage", 3.338],
    ["water.distance", 2025],
    ["water.temperature", 0],
  ],
  "dragino-lht65n 0": [
    ["device.batteryVoltage", 3.014],
    ["air.temperature", 1.3],
    ["air.humidity", 24.2],
    ["water.temperature", null],
  ],
  "milesight-em300-th 0": [
    ["air.temperature", 4.4],
    ["air.humidity", 11.5],
  ],
  "ttn-milesight-em500-swl 0": [
    ["device.batteryPercent", 92],
    ["water.level", 2],
  ],
  "ttn-milesight-em500-udl 0": [
    ["device.batteryPercent", 92],
    ["water.distance", 30],
  ],
  "ttn-milesight-em500-udl 1": [
    ["device.batteryPercent", 100],
    ["water.distance", 30],
  ],
  "ttn-milesight-em500-smtc 0": [
    ["device.batteryPercent", 92],
    ["soil.temperature", 30.8],
    ["soil.moisture", 50.5],
    ["soil.ec", 0.24],
  ],
  "ttn-dragino-lse01 0": [
    ["device.batteryVoltage", 3.625],
    ["water.temperature", 24.1],
    ["soil.moisture", 19.57],
    ["soil.temperature", 24.59],
    ["soil.ec", 28.2],
  ],
  "ttn-dragino-lse01 1": [], // unknown port
  "milesight-readme-em500-swl 0": [
    ["device.batteryPercent", 100],
    ["water.level", 2],
  ],
  "dragino-lse01-negative-soil-temp": [
    ["device.batteryVoltage", 3.625],
    ["water.temperature", -10],
    ["soil.moisture", 19.57],
    ["soil.temperature", -1],
    ["soil.ec", 28.2],
  ],
  "dragino-lht65n-probe-missing": [
    ["device.batteryVoltage", 3.014],
    ["air.temperature", -2],
    ["air.humidity", 24.2],
    ["water.temperature", null],
  ],
  "milesight-em500-smtc-history-frame": [
    ["soil.ec", 0.24],
    ["soil.temperature", 28.1],
    ["soil.moisture", 1.15],
  ],
  "dragino-lse01-empty-payload": [],
};
/** Names that a vendor uses beside the one in the file, and what a file left out although the bytes hold it. */
const MORE_FIELDS: Readonly<Record<string, readonly string[]>> = { "milesight-em500-swl": ["level", "depth"], "milesight-em500-smtc": ["conductivity"] };
const CHANNELS = { ds18b20: "water.temperature" };

describeNeeding(["shared"], "published codec vectors", () => {
  const file = JSON.parse(readFileSync(sharedPath("lpwa/codec-vectors.json"), "utf8")) as {
    readonly devices: readonly { readonly id: string; readonly vectors: readonly SharedVector[] }[];
    readonly quirks: readonly Quirk[];
  };
  const cases = file.devices.flatMap((d) => d.vectors.map((v, at) => ({ ...v, profile: profileOf(d.id), label: `${d.id} ${at}` })));
  const quirks = file.quirks.map((q) => ({ ...q, label: q.id, profile: profiles().find((id) => q.id.startsWith(id)) ?? "none" }));
  const decoded = (profile: string, frame: { fPort: number | null; bytesHex: string }) =>
    decodeFrame(profile, { bytes: new Uint8Array(Buffer.from(frame.bytesHex, "hex")), fPort: frame.fPort, channels: CHANNELS });

  test("every device of the file has a decoder, and every vector a meaning", () => {
    expect(profiles()).toEqual(expect.arrayContaining([...new Set(cases.map((c) => c.profile))]));
    expect([...cases, ...quirks].map((c) => c.label)).toEqual(Object.keys(MEANING));
  });

  test.each(cases)("the vendor's fields: $label $name", ({ profile, fPort, bytesHex, expected }) => {
    const result = decoded(profile, { fPort, bytesHex });
    if (expected.errors !== undefined) {
      expect(result.kind).toBe("undecodable");
      return;
    }
    expect(result.kind, JSON.stringify(result)).toBe("decoded");
    if (result.kind !== "decoded") return;
    expectClose(result.fields, expected.data);
    const more = MORE_FIELDS[profile] ?? [];
    expect(
      Object.keys(result.fields)
        .filter((field) => !more.includes(field))
        .sort(),
    ).toEqual(
      Object.keys(expected.data ?? {})
        .filter((field) => !more.includes(field))
        .sort(),
    );
  });

  test.each([...cases, ...quirks])("what it means: $label", ({ label, profile, fPort, bytesHex }) => {
    const result = decoded(profile, { fPort, bytesHex });
    expectClose(result.kind === "decoded" ? result.values.map((v) => [v.quantity, v.value]) : [], MEANING[label]);
  });

  const decodable = ["dragino-lse01-negative-soil-temp", "dragino-lht65n-probe-missing"];
  test.each(quirks.filter((q) => decodable.includes(q.id)))("the quirk's fields: $id", (quirk) => {
    const result = decoded(quirk.profile, quirk);
    expect(result.kind).toBe("decoded");
    if (result.kind === "decoded") expectClose(result.fields, { ...quirk.codecOutput.data, ...quirk.correct });
  });

  test("quirk: buffered data is read with its own time", () => {
    const quirk = quirks.find((q) => q.id === "milesight-em500-smtc-history-frame");
    const result = quirk && decoded(quirk.profile, quirk);
    expect(result?.kind === "decoded" && result.values.map((v) => v.timeMs)).toEqual([1_594_913_566_000, 1_594_913_566_000, 1_594_913_566_000]);
  });

  test("quirk: an empty payload is no reading", () => {
    const quirk = quirks.find((q) => q.id === "dragino-lse01-empty-payload");
    expect(quirk?.bytesHex).toBe("");
    expect(quirk && decoded(quirk.profile, quirk).kind).toBe("undecodable");
  });

  test("an absent probe says so", () => {
    const quirk = quirks.find((q) => q.id === "dragino-lht65n-probe-missing");
    const result = quirk && decoded(quirk.profile, quirk);
    expect(result?.kind === "decoded" && result.values.find((v) => v.value === null)?.reasons).toEqual(["sentinel"]);
  });
});

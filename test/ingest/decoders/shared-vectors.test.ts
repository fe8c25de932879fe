import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeFrame, profiles } from "../../../ingest/decoders/registry.ts";
import { describeNeeding, sharedPath } from "../../support/requirements.ts";
import { expectClose } from "./expect-close.ts";

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

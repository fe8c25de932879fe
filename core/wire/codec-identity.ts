import { createHash } from "node:crypto";

export interface CodecIdentity {
  readonly id: string;
  readonly sha256: string; // hex, over the canonical serialisation
}

/**
 * Names what turned bytes into values, so that each reading can say it and history is decoded again when it changes:
 * SHA-256 over the codec's table and the engine's version, keys sorted. Formulas count by their source text.
 */
export function codecIdentity(id: string, table: unknown, engineVersion: number): CodecIdentity {
  const sha256 = createHash("sha256")
    .update(`${id}\n${engineVersion}\n${canonical(table)}`)
    .digest("hex");
  return { id, sha256 };
}

function canonical(value: unknown): string {
  if (typeof value === "function") return JSON.stringify(String(value));
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "undefined";
}

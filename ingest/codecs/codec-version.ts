import type { CodecMapping, CodecVector } from "../../core/domain/codec.ts";
import { codecIdentity } from "../../core/wire/codec-identity.ts";
import type { CodecVersion } from "./gate.ts";
import { ENGINE_VERSION } from "./guest.ts";

/** A version is what decides about values: script, mapping, engine. Vectors may change without a new one. */
export function codecVersion(parts: {
  readonly id: string;
  readonly script: string;
  readonly mapping: readonly CodecMapping[];
  readonly vectors: readonly CodecVector[];
}): CodecVersion {
  const { id, script, mapping, vectors } = parts;
  return { ...codecIdentity(id, { script, mapping }, ENGINE_VERSION), script, mapping, vectors };
}

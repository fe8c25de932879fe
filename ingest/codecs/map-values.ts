import type { CodecMapping } from "../../core/domain/codec.ts";
import type { Quantity } from "../../core/domain/quantity.ts";
import type { DecodedValue } from "../../core/domain/uplink.ts";
import { type FoundValue, findNormalized, findValues } from "./found-values.ts";
import { type PathStep, parsePath } from "./mapping-path.ts";
import type { ScriptResult } from "./script-result.ts";

/** What a mapping makes of a result. `error`: a mapped value is no finite number, so that the result cannot be trusted. */
export interface MappedValues {
  readonly values: readonly DecodedValue[];
  readonly warnings: readonly string[];
  readonly error: string | null;
}

const VALUES_MAX = 2000; // readings of one frame
const NUMERIC = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** A codec's mapping, its paths read once. */
export class ValueMapper {
  readonly #rows: readonly { readonly map: CodecMapping; readonly path: readonly PathStep[] }[];
  /** Set where a distance is given and no level: the level is then its zero less the distance. */
  readonly levelKind: "distance" | null;

  /** Rows whose path cannot be read give nothing; they do not pass the API. */
  constructor(mapping: readonly CodecMapping[]) {
    this.#rows = mapping.flatMap((map) => {
      const path = parsePath(map.path);
      return path === null ? [] : [{ map, path }];
    });
    const gives = (quantity: Quantity): boolean => mapping.some((map) => map.quantity === quantity);
    this.levelKind = gives("water.distance") && !gives("water.level") ? "distance" : null;
  }

  /** Paths that lead to something in this result. */
  reachedBy(result: ScriptResult): readonly string[] {
    return this.#rows.filter(({ path }) => lookUp(result, path).length > 0).map(({ map }) => map.path);
  }

  /** Of two rows for one quantity, depth and time, the first that finds a value gives it. */
  map(result: ScriptResult): MappedValues {
    const values: DecodedValue[] = [];
    const warnings: string[] = [];
    const taken = new Set<string>();
    for (const { map, path } of this.#rows) {
      let untimed = 0;
      for (const found of lookUp(result, path)) {
        const number = numberOf(found.value);
        if (number === null) continue;
        if (typeof number === "string") {
          warnings.push(`${map.path}: ${number}`);
          continue;
        }
        const value = scaled(number, map);
        if (!Number.isFinite(value)) return { values: [], warnings, error: `${map.path} is ${value}` };
        if (found.time === "unreadable") warnings.push(`${map.path}: the time of a value cannot be read, so it is left out`);
        if (found.time === "unreadable" || values.length >= VALUES_MAX) continue;
        if (found.time === "none") untimed += 1;
        if (untimed > 1 && found.time === "none") continue;
        const timeMs = found.time === "none" ? null : found.time;
        const key = `${map.quantity}|${map.depthCm}|${timeMs}`;
        if (taken.has(key)) continue;
        taken.add(key);
        values.push({ quantity: map.quantity, depthCm: map.depthCm, value, timeMs, reasons: [] });
      }
      if (untimed > 1) warnings.push(`${map.path}: leads to ${untimed} values without a time of their own; only the first is used`);
    }
    return { values, warnings: warnings.slice(0, 20), error: null };
  }
}

/** In what the decoder gave; where the path leads nowhere, in what `normalizeUplink` made of it. */
function lookUp(result: ScriptResult, path: readonly PathStep[]): readonly FoundValue[] {
  const found = findValues(result.data, path);
  return found.length > 0 || result.normalized === null ? found : findNormalized(result.normalized, path);
}

/** A number, also one in a string; null: nothing was measured; a sentence: it is something else. */
function numberOf(value: unknown): number | string | null {
  if (typeof value === "number") return value;
  if (value === null) return null;
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "") return null;
    return NUMERIC.test(text) ? Number(text) : `${JSON.stringify(value.slice(0, 40))} is no number`;
  }
  return `${Array.isArray(value) ? "an array" : typeof value} is no number`;
}

/** 14 digits: more than any sensor has, and 0.07 * 100 is 7, not 7.000000000000001. */
function scaled(number: number, { scale, offset }: CodecMapping): number {
  const value = number * scale + offset;
  return Number.isFinite(value) ? Number(value.toPrecision(14)) + 0 : value;
}

import { own, type ScriptResult } from "./script-result.ts";

const RELATIVE = 1e-9; // vendors print fewer digits than a double has
const NUMERIC = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*$/;
const FULL_KEYS: ReadonlySet<string> = new Set(["data", "errors", "warnings"]);

/**
 * What of a result is not as a vector says; null where all of it is. `expected` is what `decodeUplink` returns, or its `data` alone.
 * Warnings and errors count where the vector names them; where it names no errors, there must be none.
 */
export function mismatch(expected: unknown, result: ScriptResult): string | null {
  if (!isFull(expected)) return plainMismatch(expected, result);
  const full = fullMismatch(expected, result);
  // a script whose own data has a field `data`
  return full === null || plainMismatch(expected, result) === null ? null : full;
}

type Full = { readonly data?: unknown; readonly errors?: unknown; readonly warnings?: unknown };

function isFull(expected: unknown): expected is Full {
  return typeof expected === "object" && expected !== null && (own(expected, "data") !== undefined || own(expected, "errors") !== undefined)
    ? Object.keys(expected).every((key) => FULL_KEYS.has(key))
    : false;
}

function plainMismatch(expected: unknown, result: ScriptResult): string | null {
  return result.errors.length > 0 ? `errors: ${result.errors.join("; ")}` : difference(expected, result.data, "data");
}

function fullMismatch(expected: Full, result: ScriptResult): string | null {
  const errors = Array.isArray(expected.errors) ? expected.errors : [];
  if (errors.length === 0 && result.errors.length > 0) return `errors: ${result.errors.join("; ")}`;
  if (errors.length > 0) return difference(errors, result.errors, "errors");
  if (Array.isArray(expected.warnings)) {
    const found = difference(expected.warnings, result.warnings, "warnings");
    if (found !== null) return found;
  }
  return expected.data === undefined ? null : difference(expected.data, result.data, "data");
}

/** The first difference, with its place. */
function difference(expected: unknown, actual: unknown, path: string): string | null {
  if (isSame(expected, actual)) return null;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) return `${path} has ${actual.length} entries, expected ${expected.length}`;
    return first(expected.map((entry, i) => () => difference(entry, actual[i], `${path}[${i}]`)));
  }
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return first([...keys].map((key) => () => difference(own(expected, key), own(actual, key), `${path}.${key}`)));
  }
  return `${path} is ${shown(actual)}, expected ${shown(expected)}`;
}

function first(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const found = check();
    if (found !== null) return found;
  }
  return null;
}

function isSame(expected: unknown, actual: unknown): boolean {
  if (expected === actual) return true;
  const [a, b] = [numberOf(expected), numberOf(actual)];
  return a !== null && b !== null && Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b));
}

function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" && NUMERIC.test(value) ? Number(value) : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  return value === undefined ? "absent" : (JSON.stringify(value) ?? typeof value).slice(0, 80);
}

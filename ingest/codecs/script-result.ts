import type { SandboxOutcome } from "./sandbox-protocol.ts";

/** What a script made of a frame, with what it says about it. NaN and ±Infinity stand in it as they are, and are listed. */
export interface ScriptResult {
  readonly data: unknown; // null: none
  readonly normalized: unknown; // of `normalizeUplink`; null: none
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  readonly nonFinite: readonly NonFinite[];
}

/** `root`: where the path begins. */
export interface NonFinite {
  readonly root: "data" | "normalized";
  readonly path: readonly (string | number)[];
  readonly number: string; // "NaN", "Infinity", "-Infinity"
}

const DEPTH_MAX = 64; // nobody nests a measurement deeper; what follows recurses
const TEXTS_MAX = 20;
const TEXT_CHARS_MAX = 300;

/** Reads what came out of the sandbox; a script can have tampered with it, so nothing about its shape is taken for granted. */
export function readScriptResult(outcome: SandboxOutcome): ScriptResult {
  switch (outcome.kind) {
    case "ran":
      return parse(outcome.json);
    case "threw":
    case "unloadable":
    case "stopped":
    case "unavailable":
      return failed(outcome.message);
  }
}

export function failed(error: string): ScriptResult {
  return { data: null, normalized: null, warnings: [], errors: [error], nonFinite: [] };
}

function parse(json: string): ScriptResult {
  if (depthOf(json) > DEPTH_MAX) return failed(`the result is nested deeper than ${DEPTH_MAX}`);
  let raw: { readonly [key: string]: unknown };
  try {
    raw = JSON.parse(json);
  } catch (error) {
    return failed(`the result cannot be read: ${(error as Error).message}`);
  }
  const errors = textsOf(raw["errors"]);
  const data = raw["data"] ?? null;
  if (errors.length === 0 && (typeof data !== "object" || data === null)) return failed("the script returned no data");
  const normalized = raw["normalized"] ?? null;
  const nonFinite = Array.isArray(raw["nonFinite"]) ? raw["nonFinite"].flatMap(nonFiniteOf) : [];
  for (const { root, path, number } of nonFinite) put(root === "data" ? data : normalized, path, Number(number));
  return { data, normalized, warnings: textsOf(raw["warnings"]), errors, nonFinite };
}

/** Greatest nesting of brackets outside of strings. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let i = 0; i < json.length; i += 1) {
    const code = json.charCodeAt(i);
    if (inText) {
      if (code === BACKSLASH) i += 1;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (code === BRACE || code === BRACKET) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === BRACE_END || code === BRACKET_END) depth -= 1;
  }
  return deepest;
}
const [BACKSLASH, QUOTE, BRACE, BRACKET, BRACE_END, BRACKET_END] = [0x5c, 0x22, 0x7b, 0x5b, 0x7d, 0x5d];

/** TS013 says an array of strings; scripts also give one string, nothing, or objects. */
function textsOf(value: unknown): string[] {
  if (value === null || value === undefined || value === false || value === "") return [];
  const list: unknown[] = Array.isArray(value) ? value.flat(1).filter((entry) => entry !== null && entry !== "") : [value];
  return list.slice(0, TEXTS_MAX).map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)).slice(0, TEXT_CHARS_MAX));
}

function nonFiniteOf(value: unknown): NonFinite[] {
  if (!Array.isArray(value) || value.length < 2) return [];
  const [root, ...rest] = value as (string | number)[];
  return root === "data" || root === "normalized" ? [{ root, path: rest.slice(0, -1), number: String(rest.at(-1)) }] : [];
}

/** JSON has null for what is no finite number: it is put back, so that nobody takes it for "nothing measured". */
function put(root: unknown, path: NonFinite["path"], number: number): void {
  let holder: unknown = root;
  for (const key of path.slice(0, -1)) holder = own(holder, key);
  const last = path.at(-1);
  if (last !== undefined && own(holder, last) === null) (holder as Record<string | number, unknown>)[last] = number;
}

/** Of the value itself, never of its prototype. */
export function own(holder: unknown, key: string | number): unknown {
  return typeof holder === "object" && holder !== null && Object.hasOwn(holder, key) ? (holder as Record<string | number, unknown>)[key] : undefined;
}

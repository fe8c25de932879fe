import type { z } from "zod";

export interface Malformed {
  readonly kind: "malformed";
  readonly reason: string;
}

/** A message of a network server is a few kB; the largest we accept from anyone. */
const MAX_MESSAGE_BYTES = 256 * 1024;
/** Real messages nest six levels deep. */
const MAX_DEPTH = 32;
/** Enough to find the place, too little to carry the field's data into a log. */
const MAX_REASON_CHARS = 200;

const utf8 = new TextDecoder("utf-8", { fatal: true });

export function malformed(reason: string): Malformed {
  return { kind: "malformed", reason: reason.length > MAX_REASON_CHARS ? `${reason.slice(0, MAX_REASON_CHARS)}…` : reason };
}

/**
 * Reads a third party's JSON: size, encoding, nesting, syntax, then the schema; the first thing that is wrong is the reason.
 * Never throws. `schema` is a plain zod object, so that additions of theirs do not break us.
 */
export function readJson<T>(payload: Uint8Array, schema: z.ZodType<T>): { readonly kind: "json"; readonly value: T } | Malformed {
  const json = readJsonValue(payload);
  return json.kind === "malformed" ? json : matchJson(json.value, schema);
}

/** The same without a schema, for a message whose kind only its content says. A byte order mark is passed over. */
export function readJsonValue(payload: Uint8Array): { readonly kind: "json"; readonly value: unknown } | Malformed {
  if (payload.length === 0) return malformed("empty message");
  if (payload.length > MAX_MESSAGE_BYTES) return malformed(`message of ${payload.length} bytes, at most ${MAX_MESSAGE_BYTES} are read`);
  if (nestsDeeperThan(payload, MAX_DEPTH)) return malformed(`JSON nested deeper than ${MAX_DEPTH} levels`);
  let text: string;
  try {
    text = utf8.decode(payload);
  } catch (error) {
    if (error instanceof TypeError) return malformed("not UTF-8 text");
    throw error;
  }
  try {
    return { kind: "json", value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return malformed(`invalid JSON: ${error.message}`);
    throw error;
  }
}

/** A value that was read, held against its schema. */
export function matchJson<T>(value: unknown, schema: z.ZodType<T>): { readonly kind: "json"; readonly value: T } | Malformed {
  const parsed = schema.safeParse(value);
  return parsed.success ? { kind: "json", value: parsed.data } : malformed(firstIssue(parsed.error));
}

/** An object of JSON, not a list and not null. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "does not match its schema";
  const path = issue.path.map((step, at) => (typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${String(step)}`)).join("");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

/** Counts brackets outside strings, in bytes: cheaper and safer than parsing what nobody sends. */
function nestsDeeperThan(payload: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < payload.length; at += 1) {
    const byte = payload[at];
    if (inString) {
      if (byte === 0x5c)
        at += 1; // a backslash takes the next byte with it
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return false;
}

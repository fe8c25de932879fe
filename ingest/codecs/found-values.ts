import { rfc3339Ms } from "../../core/wire/rfc3339.ts";
import type { PathStep } from "./mapping-path.ts";
import { own } from "./script-result.ts";

/** What stands where a path leads. `time`: of the measurement that it is part of, Unix ms; `none`: the frame's; `unreadable`: it says one, but which? */
export interface FoundValue {
  readonly value: unknown;
  readonly time: number | "none" | "unreadable";
}

const FOUND_MAX = 2000; // values of one path in one frame

/**
 * Follows a path into a script's data. Arrays on the way (asked for by `[]` or not) give each of their elements; one that has a `time`
 * is a measurement of that time. `{ value, unit }` stands for its value.
 */
export function findValues(root: unknown, path: readonly PathStep[]): readonly FoundValue[] {
  const found: FoundValue[] = [];
  walk(root, path, 0, "none", found);
  if (found.length > 0 || path.length < 2) return found;
  const [first] = path; // `data.` is written in front by those who think of the script's whole answer
  if (first?.kind === "key" && first.key === "data") walk(root, path, 1, "none", found);
  return found;
}

/** As `findValues`, in what `normalizeUplink` gave: there a measurement has its time whether it is alone or one of many. */
export function findNormalized(root: unknown, path: readonly PathStep[]): readonly FoundValue[] {
  const found: FoundValue[] = [];
  walk(root, path, 0, Array.isArray(root) ? "none" : timeOf(root, "none"), found);
  return found;
}

function walk(node: unknown, path: readonly PathStep[], at: number, time: FoundValue["time"], found: FoundValue[]): void {
  if (found.length >= FOUND_MAX || node === undefined) return;
  const step = path[at];
  if (Array.isArray(node)) {
    if (step?.kind === "index") {
      const element: unknown = node[step.index];
      walk(element, path, at + 1, timeOf(element, time), found);
    } else {
      const next = step?.kind === "each" ? at + 1 : at;
      for (const element of node) walk(element, path, next, timeOf(element, time), found);
    }
  } else if (step === undefined) {
    found.push(leaf(node, time));
  } else if (step.kind === "key") {
    walk(own(node, step.key), path, at + 1, time, found);
  }
}

function leaf(node: unknown, time: FoundValue["time"]): FoundValue {
  const value = own(node, "value");
  return value === undefined ? { value: node, time } : { value, time: timeOf(node, time) };
}

/** As scripts name it. Milesight says `timestamp`, the normalized payload of The Things Stack `time`. */
const TIME_KEYS = ["time", "timestamp", "ts"] as const;

function timeOf(node: unknown, inherited: FoundValue["time"]): FoundValue["time"] {
  for (const key of TIME_KEYS) {
    const said = own(node, key);
    if (said !== undefined && said !== null) return readTime(said) ?? "unreadable";
  }
  return inherited;
}

const YEAR_2000_S = 946_684_800;
const YEAR_2100_S = 4_102_444_800;
const PLAIN_NUMBER = /^\d{9,13}(?:\.\d+)?$/;
const WITHOUT_OFFSET = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)$/;

/** Unix ms of a time as scripts write it: RFC 3339 (UTC where no offset is said, as in the sandbox), Unix seconds, Unix milliseconds. Else null. */
export function readTime(said: unknown): number | null {
  if (typeof said === "string") {
    const text = said.trim();
    if (PLAIN_NUMBER.test(text)) return readTime(Number(text));
    return rfc3339Ms(text.replace(WITHOUT_OFFSET, "$1T$2Z").replace(" ", "T"));
  }
  if (typeof said !== "number") return null;
  if (said >= YEAR_2000_S && said < YEAR_2100_S) return Math.round(said * 1000);
  return said >= YEAR_2000_S * 1000 && said < YEAR_2100_S * 1000 ? Math.round(said) : null;
}

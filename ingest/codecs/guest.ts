import { readFileSync } from "node:fs";

/** Part of each codec's identity: another engine, or other surroundings for the script, may give other values. */
export const ENGINE_VERSION = 1;

const read = (name: string): string => readFileSync(new URL(`guest/${name}`, import.meta.url), "utf8");
export const BUFFER_SOURCE = read("buffer.js");
export const RUNNER_SOURCE = read("runner.js");

/** Name under which the runner's `take` stands while a script loads. */
export const TAKE = "__azemichiTake";
const NAMES = ["decodeUplink", "normalizeUplink", "Decode", "Decoder"] as const;

/** The script with a line at its end that hands over what only its own scope can see. */
export function withCollector(script: string): string {
  const names = NAMES.map((name) => `${name}: typeof ${name} === "undefined" ? undefined : ${name}`).join(", ");
  return `${script.replace(/^\uFEFF/, "")}\n;globalThis.${TAKE}({ ${names} });`;
}

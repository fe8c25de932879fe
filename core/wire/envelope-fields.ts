import { z } from "zod";
import { base64Bytes } from "./base64.ts";
import { euiOf } from "./eui.ts";
import { rfc3339Ms } from "./rfc3339.ts";

/**
 * Fields that the envelopes of network servers share. They are proto3 JSON or close to it: a field that is zero, false or empty is left out,
 * `null` means the same, and a number may stand as text.
 */

const NUMERIC = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const NOT_FINITE: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

/** What a value cannot be read as: the message of the issue. */
class Unreadable {
  readonly expected: string;
  constructor(expected: string) {
    this.expected = expected;
  }
}

/** One field by one function: with chains of schemas a whole uplink takes a third longer to read. */
function field<T>(read: (given: unknown) => T | Unreadable): z.ZodType<T> {
  return z
    .unknown()
    .optional()
    .transform((given, ctx): T => {
      const value = read(given);
      if (!(value instanceof Unreadable)) return value;
      ctx.addIssue({ code: "custom", message: value.expected });
      return z.NEVER;
    }) as unknown as z.ZodType<T>; // the input is whatever came
}

const NO_EUI = new Unreadable("16 hexadecimal digits expected");
/** EUI-64 in any case, to 16 lower-case digits. */
export const eui = field<string>((given) => (typeof given === "string" ? (euiOf(given) ?? NO_EUI) : NO_EUI));

const NO_TIME = new Unreadable("not an RFC 3339 time");
/** RFC 3339 to Unix ms; absent or empty is null. */
export const timestampMs = field<number | null>((given) => {
  if (given === undefined || given === null || given === "") return null;
  return typeof given === "string" ? (rfc3339Ms(given) ?? NO_TIME) : NO_TIME;
});

const NO_BYTES = new Unreadable("not base64");
/** Base64 to bytes; absent is no bytes. */
export const bytes = field<Uint8Array>((given) => {
  const text = given ?? "";
  return typeof text === "string" ? (base64Bytes(text) ?? NO_BYTES) : NO_BYTES;
});

const NO_TEXT = new Unreadable("not text");
/** Text; absent or empty is null. */
export const textOrNull = field<string | null>((given) => {
  if (given === undefined || given === null || given === "") return null;
  return typeof given === "string" ? given : NO_TEXT;
});

const NO_UINT32 = new Unreadable("not a whole number from 0 to 4294967295");
/** uint32; absent is 0. */
export const uint32 = field<number>((given) => {
  const n = given === undefined || given === null ? 0 : numeric(given);
  return isWhole(n, 0xffff_ffff) ? n : NO_UINT32;
});

const NO_PORT = new Unreadable("not a whole number from 0 to 255");
/** LoRaWAN port; absent and 0 both mean MAC commands only, which is null. */
export const fPort = field<number | null>((given) => {
  const n = given === undefined || given === null ? 0 : numeric(given);
  return isWhole(n, 255) ? n || null : NO_PORT;
});

const NO_NUMBER = new Unreadable("not a number");
/** A float, which proto3 JSON writes as text where it is not finite; absent is undefined, not finite is null. */
export const float = field<number | null | undefined>((given) => {
  if (given === undefined || given === null) return undefined;
  if (NOT_FINITE.has(given)) return null;
  const n = numeric(given);
  return typeof n === "number" && Number.isFinite(n) ? n : NO_NUMBER;
});

function numeric(given: unknown): unknown {
  return typeof given === "string" && NUMERIC.test(given) ? Number(given) : given;
}

function isWhole(n: unknown, max: number): n is number {
  return typeof n === "number" && Number.isInteger(n) && n >= 0 && n <= max;
}

/**
 * Signal as received. An absent SNR is 0 dB, which is common; an RSSI of 0 dBm is none that a radio reports, so absent is unknown.
 */
export function signal(rssi: number | null | undefined, snr: number | null | undefined): { readonly rssiDbm: number | null; readonly snrDb: number | null } {
  const rssiDbm = rssi || null;
  return { rssiDbm, snrDb: snr === undefined ? (rssiDbm === null ? null : 0) : snr };
}

/** More gateways than this do not hear one frame; what a message claims beyond is not read. */
export const MAX_GATEWAYS = 64;

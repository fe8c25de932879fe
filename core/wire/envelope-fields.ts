import { z } from "zod";
import { base64Bytes } from "./base64.ts";
import { euiOf } from "./eui.ts";
import { rfc3339Ms } from "./rfc3339.ts";

/**
 * Fields that the envelopes of network servers share. They are proto3 JSON or close to it: a field that is zero, false or empty is left out,
 * `null` means the same, and a number may stand as text.
 */

const NUMERIC = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const numeric = (given: unknown): unknown => (typeof given === "string" && NUMERIC.test(given) ? Number(given) : given);

/** EUI-64 in any case, to 16 lower-case digits. */
export const eui = z.string().transform((text, ctx): string => {
  const found = euiOf(text);
  if (found !== null) return found;
  ctx.addIssue({ code: "custom", message: "16 hexadecimal digits expected" });
  return z.NEVER;
});

/** RFC 3339 to Unix ms; absent or empty is null. */
export const timestampMs = z
  .string()
  .nullish()
  .transform((text, ctx): number | null => {
    if (text === null || text === undefined || text === "") return null;
    const ms = rfc3339Ms(text);
    if (ms !== null) return ms;
    ctx.addIssue({ code: "custom", message: "not an RFC 3339 time" });
    return z.NEVER;
  });

/** Base64 to bytes; absent is no bytes. */
export const bytes = z
  .string()
  .nullish()
  .transform((text, ctx): Uint8Array => {
    const decoded = base64Bytes(text ?? "");
    if (decoded !== null) return decoded;
    ctx.addIssue({ code: "custom", message: "not base64" });
    return z.NEVER;
  });

/** Text; absent or empty is null. */
export const textOrNull = z
  .string()
  .nullish()
  .transform((text): string | null => text || null);

/** uint32; absent is 0. */
export const uint32 = z.preprocess(
  numeric,
  z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .nullish()
    .transform((n): number => n ?? 0),
);

/** LoRaWAN port; absent and 0 both mean MAC commands only, which is null. */
export const fPort = z.preprocess(
  numeric,
  z
    .int()
    .min(0)
    .max(255)
    .nullish()
    .transform((n): number | null => n || null),
);

/** A float, which proto3 JSON writes as text where it is not finite; absent is undefined, not finite is null. */
export const float = z.preprocess(
  numeric,
  z
    .union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform((): null => null)])
    .nullish()
    .transform((n): number | null | undefined => n),
);

/**
 * Signal as received. An absent SNR is 0 dB, which is common; an RSSI of 0 dBm is none that a radio reports, so absent is unknown.
 */
export function signal(rssi: number | null | undefined, snr: number | null | undefined): { readonly rssiDbm: number | null; readonly snrDb: number | null } {
  const rssiDbm = rssi || null;
  return { rssiDbm, snrDb: snr === undefined ? (rssiDbm === null ? null : 0) : snr };
}

/** More gateways than this do not hear one frame; what a message claims beyond is not read. */
export const MAX_GATEWAYS = 64;

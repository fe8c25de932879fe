import { QUANTITIES, type Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag } from "../core/domain/reading.ts";

/** What of a reading goes to InfluxDB (DESIGN.md §6). */
export interface InfluxPoint {
  readonly deviceId: string;
  readonly plotId: string | null;
  readonly quantity: Quantity;
  readonly depthCm: number | null;
  readonly value: number | null;
  readonly timeMs: number;
  readonly flag: QualityFlag;
}

/**
 * One line of line protocol, precision ms, without its newline. Numbers have no `i` suffix, so every field is a float.
 * Without a finite value only the flag is sent, as 9: the line never holds NaN or Inf, which InfluxDB refuses.
 */
export function encodePoint(point: InfluxPoint, siteId: string): string {
  const { measurement, field } = QUANTITIES[point.quantity];
  // In the order of their names, as the line-protocol reference advises for speed.
  const depth = point.depthCm === null ? "" : `,depth_cm=${point.depthCm}`;
  let line = `${measurement}${tag("device", point.deviceId)}${depth}${tag("plot", point.plotId ?? "")}${tag("site", siteId)} `;
  const value = point.value !== null && Number.isFinite(point.value) ? point.value : null;
  line += value === null ? `${field}_q=9` : `${field}=${value},${field}_q=${point.flag}`;
  return `${line} ${point.timeMs}`;
}

/** A tag without a value is not allowed: it is left out, and InfluxQL finds it as ''. */
function tag(name: string, id: string): string {
  return id === "" ? "" : `,${name}=${toTag(id).replace(/[, =]/g, "\\$&")}`;
}

/**
 * The tag text of an id. Line protocol has no way to write a backslash before a separator, nor a line break (in any place), so
 * these, other control characters and `%` itself become %XX of their UTF-8; ids of a site file never need it. Lone surrogates
 * become U+FFFD.
 */
export function toTag(id: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return id.toWellFormed().replace(/[\u0000-\u001f\u007f%\\]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** The id of a tag text. */
export function fromTag(tag: string): string {
  return tag.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

import type { Quantity } from "../../core/domain/quantity.ts";
import type { DecodedValue, DecodeResult } from "../../core/domain/uplink.ts";
import { quantityOfName } from "../../core/wire/quantity-name.ts";
import { toQuantityUnit } from "../../core/wire/senml-units.ts";
import type { CodecTable, Doubt, Given, Missing } from "./codec-table.ts";
import { readFraming } from "./framings.ts";
import { type Cell, type Group, undecodable } from "./read-rows.ts";

/** Part of every codec's identity: raise it when the same table would give other values. */
export const ENGINE_VERSION = 1;

/** A frame as it came out of the network server, and what the site file says about the probes. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly fPort: number | null;
  readonly channels: Readonly<Record<string, string>>; // probe of the product -> quantity, e.g. { ds18b20: "water.temperature" }
}

/**
 * Decodes one frame by its product's table: `fields` under the vendor's names and in its units, `values` as quantities in ours (DESIGN.md §6).
 * Truncated, overlong, unknown or empty is `undecodable` with the byte at which it stopped, never a zero. Never throws.
 */
export function decodeWith(table: CodecTable, frame: Frame): DecodeResult {
  if (frame.bytes.length === 0) return undecodable("empty payload (ends at byte 0)");
  // Dragino answers a datalog poll that finds nothing with zeros; every product's real frame has a version, a channel or a battery.
  if (frame.bytes.every((byte) => byte === 0)) return undecodable("all bytes from byte 0 on are zero");
  const read = readFraming(table.framing, frame.bytes, frame.fPort);
  if (read.kind === "undecodable") return read;
  const frameDoubts = doubtsOf(read.groups.filter((group) => !group.isHistory));
  const values = new Map<string, DecodedValue>();
  const warnings: string[] = [];
  for (const group of read.groups) {
    const doubts = group.isHistory ? doubtsOf([group]) : frameDoubts;
    for (const cell of group.cells) {
      const value = valueFrom(cell, group, { channels: frame.channels, doubts, warnings });
      if (value === null) continue;
      if (value.value !== null && !Number.isFinite(value.value)) return undecodable(`${cell.row.field} is not a finite number`);
      values.set(`${value.quantity} ${value.depthCm} ${value.timeMs}`, value); // a channel repeated within a frame: the last one holds
    }
  }
  return { kind: "decoded", values: [...values.values()], warnings, fields: fieldsOf(read.groups) };
}

interface Reading {
  readonly channels: Frame["channels"];
  readonly doubts: readonly Doubt[];
  readonly warnings: string[];
}
interface Target {
  readonly quantity: Quantity;
  readonly depthCm: number | null;
}

function valueFrom(cell: Cell, group: Group, reading: Reading): DecodedValue | null {
  const given = cell.row.gives;
  if (given === undefined) return null;
  const target = targetOf(given, group.suffix, reading);
  if (target === null) return null;
  const { quantity, depthCm } = target;
  const missing = cell.row.missing?.find((rule) => isMissing(rule, cell, group));
  if (missing !== undefined) return { quantity, depthCm, value: null, timeMs: group.timeMs, reasons: [missing.reason] };
  // 14 digits: more than any sensor has, and 0.0068869 m3/m3 is 0.68869 %, not 0.6886900000000029.
  const value = Number((cell.value * (given.times ?? 1) + (given.plus ?? 0)).toPrecision(14));
  const inUnit = "channel" in given ? (toQuantityUnit(value, given.unit, quantity) ?? value) : value;
  return { quantity, depthCm, value: inUnit, timeMs: group.timeMs, reasons: reasonsFor(quantity, reading.doubts) };
}

/** Which quantity a row gives; null where nobody says, or what the site file says cannot be in the probe's unit (a warning). */
function targetOf(given: Given, suffix: string, { channels, warnings }: Reading): Target | null {
  if ("quantity" in given) return { quantity: given.quantity, depthCm: null };
  const channel = given.channel + suffix;
  const name = Object.hasOwn(channels, channel) ? channels[channel] : undefined;
  if (name === undefined) return given.otherwise === undefined ? null : { quantity: given.otherwise, depthCm: null };
  const target = quantityOfName(name);
  if (target !== null && toQuantityUnit(1, given.unit, target.quantity) !== null) return target;
  const wanted = given.unit === null ? "a quantity" : `a quantity in ${given.unit}`;
  warnings.push(`channel ${channel}: ${name} is not ${wanted}`);
  return null;
}

const NO_DOUBTS: readonly Doubt[] = [];

function doubtsOf(groups: readonly Group[]): readonly Doubt[] {
  let found: Doubt[] | undefined;
  for (const { cells } of groups) {
    for (const { row, raw } of cells) {
      for (const doubt of row.doubts ?? NO_DOUBTS) {
        if (!doubt.equals.includes(doubt.mask === undefined ? raw : raw & doubt.mask)) continue;
        found ??= [];
        found.push(doubt);
      }
    }
  }
  return found ?? NO_DOUBTS;
}

const NO_REASONS: readonly string[] = [];

function reasonsFor(quantity: Quantity, doubts: readonly Doubt[]): readonly string[] {
  if (doubts.length === 0) return NO_REASONS;
  return [...new Set(doubts.filter((doubt) => doubt.about.includes(quantity)).map((doubt) => doubt.reason))];
}

function isMissing(rule: Missing, cell: Cell, group: Group): boolean {
  if ("raw" in rule) return cell.raw === rule.raw;
  if ("rawBelow" in rule) return cell.raw < rule.rawBelow;
  return group.cells.some((other) => other.row.field === rule.zeroField && other.raw === 0);
}

function fieldsOf(groups: readonly Group[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const history: Record<string, unknown>[] = [];
  for (const group of groups) {
    const record: Record<string, unknown> = group.isHistory ? {} : fields;
    Object.assign(record, group.constants);
    for (const { row, value } of group.cells) {
      if (row.field === null) continue;
      const name = row.field + group.suffix;
      if (row.part !== undefined) record[name] = { ...(record[name] as object | undefined), [row.part]: value };
      else
        record[name] = row.displayName === undefined ? value : { displayName: row.displayName, value, ...(row.unit === undefined ? {} : { unit: row.unit }) };
    }
    if (group.isHistory) history.push(record);
  }
  if (history.length > 0) fields["history"] = history;
  return fields;
}

import { unreachable } from "../../core/domain/errors.ts";
import type { ChannelFraming, CodecTable, FlagFraming, PortFrame, PortFraming, TypeFraming } from "./codec-table.ts";
import { type Group, type Groups, readRows, rowBytes, timeOf, type Undecodable, undecodable } from "./read-rows.ts";

const NO_CONSTANTS: Readonly<Record<string, string>> = {};

/** Cuts a payload into groups of rows by the product's framing. Every reason names the byte at which reading stopped. */
export function readFraming(framing: CodecTable["framing"], bytes: Uint8Array, fPort: number | null): Groups {
  switch (framing.kind) {
    case "ports":
      return readPorts(framing, bytes, fPort);
    case "flags":
      return notForData(fPort) ?? readFlags(framing, bytes);
    case "channels":
      return notForData(fPort) ?? readChannels(framing, bytes);
    case "types":
      return notForData(fPort) ?? readTypes(framing, bytes);
    default:
      return unreachable(framing);
  }
}

/** LoRaWAN 1.0.4 §4.3.2: ports 1 to 223 are the application's. Decentlab, Milesight and Cayenne let their owner choose among them, so none is the right one. */
function notForData(fPort: number | null): Undecodable | null {
  return fPort === null || (fPort >= 1 && fPort <= 223) ? null : undecodable(`unknown fPort ${fPort}`);
}

function readPorts(framing: PortFraming, bytes: Uint8Array, fPort: number | null): Groups {
  const onPort = framing.frames.filter((frame) => frame.fPort === fPort);
  if (onPort.length === 0) return undecodable(`unknown fPort ${fPort ?? "(none)"}`);
  const frame = onPort.find((candidate) => applies(candidate, bytes, 0));
  if (frame === undefined) return undecodable(unknownKind(onPort, bytes));
  const size = rowBytes(frame.rows);
  const isHistory = frame.records === "one-or-more";
  if (bytes.length < size) return undecodable(`ends at byte ${bytes.length}, ${size} expected`);
  const whole = isHistory ? bytes.length - (bytes.length % size) : size;
  if (bytes.length > whole) return undecodable(`bytes from byte ${whole} on belong to no field`);
  const groups: Group[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const cells = readRows(bytes, at, frame.rows, "big-endian");
    if (cells === null) return undecodable(`ends at byte ${bytes.length}`);
    if (!applies(frame, bytes, at)) return undecodable(`the record at byte ${at} is of another kind than the first`);
    groups.push({ cells, timeMs: timeOf(cells), isHistory, suffix: "", constants: frame.constants ?? NO_CONSTANTS });
  }
  return { kind: "groups", groups };
}

function applies(frame: PortFrame, bytes: Uint8Array, from: number): boolean {
  return (frame.when ?? []).every(({ byteAt, mask, equals }) => from + byteAt < bytes.length && ((bytes[from + byteAt] ?? 0) & mask) === equals);
}

function unknownKind(frames: readonly PortFrame[], bytes: Uint8Array): string {
  const byteAt = frames[0]?.when?.[0]?.byteAt ?? 0;
  const byte = bytes[byteAt];
  return byte === undefined
    ? `ends at byte ${bytes.length}, before the byte ${byteAt} that says its kind`
    : `unknown kind of frame ${hex(byte)} at byte ${byteAt}`;
}

const DECENTLAB_VERSION = 2;
const DECENTLAB_HEADER = [
  { field: "protocol_version", bits: 8 },
  { field: "device_id", bits: 16 },
] as const;

function readFlags(framing: FlagFraming, bytes: Uint8Array): Groups {
  if (bytes[0] !== DECENTLAB_VERSION) return undecodable(`protocol version ${bytes[0] ?? "(none)"} at byte 0, ${DECENTLAB_VERSION} expected`);
  const header = readRows(bytes, 0, DECENTLAB_HEADER, "big-endian");
  const [high, low] = [bytes[3], bytes[4]];
  if (header === null || high === undefined || low === undefined) return undecodable(`ends at byte ${bytes.length}, inside the header`);
  const flags = high * 256 + low;
  if (flags >= 2 ** framing.sensors.length) return undecodable(`unknown sensor flags ${hex(flags)} at byte 3`);
  const cells = [...header];
  let at = 5;
  for (const [bit, rows] of framing.sensors.entries()) {
    if ((flags & (1 << bit)) === 0) continue; // a sensor that did not report is absent: no reading, not a missing one
    const read = readRows(bytes, at, rows, "big-endian");
    if (read === null) return undecodable(`ends at byte ${bytes.length}, inside the sensor at byte ${at}`);
    cells.push(...read);
    at += rowBytes(rows);
  }
  if (at < bytes.length) return undecodable(`bytes from byte ${at} on belong to no field`);
  return { kind: "groups", groups: [{ cells, timeMs: null, isHistory: false, suffix: "", constants: NO_CONSTANTS }] };
}

function readChannels(framing: ChannelFraming, bytes: Uint8Array): Groups {
  const groups: Group[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [channel, type] = [bytes[at], bytes[at + 1]];
    if (channel === undefined || type === undefined) return undecodable(`ends at byte ${bytes.length}, inside the channel at byte ${at}`);
    const entry = framing.entries.find((e) => e.channel === channel && e.type === type);
    if (entry === undefined) return undecodable(`unknown channel ${hex(channel)} ${hex(type)} at byte ${at}`);
    const cells = readRows(bytes, at + 2, entry.rows, "little-endian");
    if (cells === null) return undecodable(`ends at byte ${bytes.length}, inside the channel at byte ${at}`);
    groups.push({ cells, timeMs: timeOf(cells), isHistory: entry.record === "history", suffix: "", constants: NO_CONSTANTS });
    at += 2 + rowBytes(entry.rows);
  }
  return { kind: "groups", groups };
}

function readTypes(framing: TypeFraming, bytes: Uint8Array): Groups {
  const groups: Group[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [channel, type] = [bytes[at], bytes[at + 1]];
    if (channel === undefined || type === undefined) return undecodable(`ends at byte ${bytes.length}, inside the channel at byte ${at}`);
    const rows = framing.types.find((t) => t.type === type)?.rows;
    if (rows === undefined) return undecodable(`unknown type ${hex(type)} at byte ${at + 1}`);
    const cells = readRows(bytes, at + 2, rows, "big-endian");
    if (cells === null) return undecodable(`ends at byte ${bytes.length}, inside the channel at byte ${at}`);
    groups.push({ cells, timeMs: null, isHistory: false, suffix: `_${channel}`, constants: NO_CONSTANTS });
    at += 2 + rowBytes(rows);
  }
  return { kind: "groups", groups };
}

function hex(n: number): string {
  return `0x${n.toString(16).padStart(2, "0")}`;
}

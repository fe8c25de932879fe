import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { deviceKeyName, type Uplink } from "../core/domain/uplink.ts";
import type { FrameJson, RawUplinkJson } from "../core/domain/uplink-json.ts";
import { parseUplink } from "../core/wire/uplink-message.ts";

/** Messages as they came. The journal satisfies it; who asks for them declares it. */
export interface RawUplinks {
  read(seq: number): RawUplink | undefined;
  topicOf(seq: number): string | undefined;
  newest(range: { afterSeq: number; beforeSeq: number; fromMs: number; toMs: number; source: string | null; max: number }): readonly RawHead[];
  numbersOf(period: { fromMs: number | null; toMs: number | null }): { lowest: number | null; highest: number | null };
}
export interface RawHead {
  readonly seq: number;
  readonly receivedAtMs: number;
  readonly source: string;
  readonly topic: string;
}
export interface RawUplink extends RawHead {
  readonly payload: Uint8Array;
  readonly dup: boolean;
}

const HASH_DIGITS = 16; // as the duplicate keys have it
const NO_PORT = -1;

/** A message as it came, as text where it is text. */
export function rawOf(raw: RawUplink | undefined): RawUplinkJson {
  if (raw === undefined) return { kept: false, why: "Raw messages are kept for AZEMICHI_JOURNAL_DAYS; this one is older." };
  const encoding = isUtf8(raw.payload) ? "utf8" : "base64";
  return { kept: true, encoding, payload: Buffer.from(raw.payload).toString(encoding), bytes: raw.payload.byteLength, dup: raw.dup };
}

/** What a network server says of the radio frame; null for what is none. */
export function frameOf(raw: RawUplink): FrameJson | null {
  const message = messageOf(raw);
  if (message.kind !== "lorawan-up") return null;
  return {
    fCnt: message.fCnt,
    fPort: message.fPort,
    bytesHex: Buffer.from(message.bytes).toString("hex"),
    gateways: [...new Set(message.gateways.map(({ gatewayId }) => gatewayId))],
  };
}

/** A key under which an uplink is known as a copy. */
export interface CopyKey {
  readonly name: string;
  readonly fCnt: number;
  readonly fPort: number;
  readonly payloadHash: string;
}

/** The keys under which the original of a duplicate may stand. `deviceId`: ours. */
export function copiedFrameKeys(raw: RawUplink, deviceId: string | null): readonly CopyKey[] {
  const message = messageOf(raw);
  switch (message.kind) {
    case "lorawan-up":
      return [{ name: deviceKeyName(message.device), fCnt: message.fCnt, fPort: message.fPort ?? NO_PORT, payloadHash: hashOf(message.bytes) }];
    case "status":
      return [plainKey(`status:${deviceKeyName(message.device)}`, raw)];
    case "senml":
      return [plainKey(`mqtt:${deviceId ?? ""}`, raw)];
    default:
      return [];
  }
}

const messageOf = (raw: RawUplink): Uplink => parseUplink(raw.topic, raw.payload, raw.receivedAtMs);
const plainKey = (name: string, raw: RawUplink): CopyKey => ({ name, fCnt: 0, fPort: NO_PORT, payloadHash: hashOf(raw.payload) });
const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, HASH_DIGITS);

import type { Quantity } from "./quantity.ts";

/** Where in a codec's `data` a quantity stands: value = found * scale + offset. */
export interface CodecMapping {
  readonly path: string; // "temperature.value", "levels[0]"; leads into nested values, {value, unit} objects, numeric strings, arrays of timed measurements
  readonly quantity: Quantity;
  readonly scale: number;
  readonly offset: number;
  readonly depthCm: number | null;
}

/** A frame of which the vendor says what it holds. */
export interface CodecVector {
  readonly name: string;
  readonly fPort: number;
  readonly bytesHex: string;
  readonly expected: unknown; // what `decodeUplink` returns, or its `data` alone
}

/** What the gate found before a script may decode the field's uplinks. */
export interface CodecGate {
  readonly live: boolean;
  readonly why: string; // one sentence
  readonly at: string; // RFC 3339 UTC with ms
  readonly frames: { readonly planned: number; readonly ran: number; readonly errors: number }; // errors: frames that the script itself refused, which is fine
  readonly failures: readonly { readonly what: string; readonly bytesHex: string; readonly fPort: number; readonly why: string }[]; // the first few
}

/** One version of a vendor's script (LoRaWAN payload codec API, LoRa Alliance TS013). */
export interface VendorCodec {
  readonly id: string;
  readonly sha256: string; // hex, over script, mapping and engine version: what each reading names
  readonly script: string;
  readonly mapping: readonly CodecMapping[];
  readonly vectors: readonly CodecVector[];
  readonly gate: CodecGate;
}

/** Uplinks that are to be read again from the raw journal: those of one codec's devices, or of one device. Times are event times, [fromMs, toMs). */
export interface RedecodeOrder {
  readonly id: number;
  readonly atMs: number;
  readonly what: { readonly kind: "codec"; readonly codecId: string } | { readonly kind: "device"; readonly deviceId: string };
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly username: string;
  readonly reason: string; // "codec", "zero", "registered", …
  readonly cancelledAtMs: number | null;
}

/** How far a redecode is. Kept by `field`, read by `web`. */
export interface RedecodeProgress {
  readonly id: number; // of the order
  readonly state: "waiting" | "running" | "done" | "cancelled" | "failed";
  readonly total: number; // uplinks
  readonly done: number;
  readonly changed: number; // readings that are not what they were
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly error: string | null;
}

/** What is kept of a codec: the version that was put last, and the one that decodes, which may be an earlier one. */
export interface StoredCodec {
  readonly newest: VendorCodec;
  readonly live: VendorCodec | null; // null: none has passed yet
  readonly at: string; // of the newest, RFC 3339 UTC with ms
  readonly username: string;
}

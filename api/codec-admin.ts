import type { CodecGate, CodecMapping, CodecVector, RedecodeOrder, RedecodeProgress, StoredCodec } from "../core/domain/codec.ts";
import type { Quantity } from "../core/domain/quantity.ts";

export interface NewCodec {
  readonly id: string;
  readonly script: string;
  readonly mapping: readonly CodecMapping[];
  readonly vectors: readonly CodecVector[];
}

/** `busy`: too many gates wait; come back. `full`: too many codecs. */
export type CodecPutOutcome =
  | { readonly kind: "stored"; readonly codec: StoredCodec; readonly gate: CodecGate; readonly unreached: readonly string[] }
  | { readonly kind: "busy" }
  | { readonly kind: "full" };

export interface CodecTrial {
  readonly data: unknown;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  readonly readings: readonly {
    readonly quantity: Quantity;
    readonly value: number | null;
    readonly unit: string;
    readonly depthCm: number | null;
    readonly time: string | null;
  }[];
}

/** Vendor codecs: kept, tried, and history read again with them. */
export interface CodecAdmin {
  /** Whether a mapping's path can be read. */
  isPath(text: string): boolean;
  list(): readonly StoredCodec[];
  find(id: string): StoredCodec | undefined;
  /** Runs the gate (4 s at most), then keeps the version whatever came of it. */
  put(codec: NewCodec, by: { readonly username: string; readonly nowMs: () => number }): Promise<CodecPutOutcome>;
  /** False: there was none. */
  remove(id: string): Promise<boolean>;
  /** With the version that was put last, live or not. Null: too many wait. */
  try(codec: StoredCodec, frame: { readonly bytes: Uint8Array; readonly fPort: number; readonly recvTimeMs: number }): Promise<CodecTrial | null>;
  orderRedecode(order: Omit<RedecodeOrder, "id" | "cancelledAtMs">): RedecodeOrder;
  cancelRedecode(id: number, atMs: number): RedecodeOrder | undefined;
  /** Newest first. */
  redecodes(codecId: string, max: number): readonly RedecodeOrder[];
  progress(order: RedecodeOrder): RedecodeProgress;
}

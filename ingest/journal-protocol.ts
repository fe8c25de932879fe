/** What the journal and its thread say to each other. Requests are answered one by one, in order. */
export interface JournalWorkerData {
  readonly path: string;
  readonly freeBytesMin: number;
  readonly numberAfter: number;
}

/** A batch of uplinks (journal-batch.ts). Its two buffers are moved to the thread and back, never copied. */
export interface PackedUplinks {
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>; // payloads one after another
  readonly numbers: Float64Array<ArrayBuffer>; // NUMBERS_PER_ROW of each row
  readonly topics: readonly string[];
  readonly sources: readonly string[];
}

export type JournalRequest =
  | { readonly kind: "append"; readonly uplinks: PackedUplinks }
  | { readonly kind: "probe" }
  | { readonly kind: "prune"; readonly receivedBeforeMs: number; readonly upToSeq: number; readonly max: number }
  | { readonly kind: "close" };

export type JournalAnswer =
  | { readonly kind: "open" }
  | {
      readonly kind: "appended";
      readonly lastSeq: number;
      readonly memory: { readonly bytes: Uint8Array<ArrayBuffer>; readonly numbers: Float64Array<ArrayBuffer> };
    }
  | { readonly kind: "probed"; readonly freeBytes: number }
  | { readonly kind: "pruned"; readonly removed: number }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly message: string; readonly freeBytes?: number }; // of a probe: how little is left

/** What the journal and its thread say to each other. Requests are answered one by one, in order. */
export interface JournalWorkerData {
  readonly path: string;
  readonly freeBytesMin: number;
  readonly numberAfter: number;
}

export interface JournalRow {
  readonly receivedAtMs: number;
  readonly source: string;
  readonly topic: string;
  readonly payloadBytes: number;
  readonly dup: boolean;
}

export type JournalRequest =
  | { readonly kind: "append"; readonly rows: readonly JournalRow[]; readonly bytes: Uint8Array } // payloads one after another, moved, not copied
  | { readonly kind: "probe" }
  | { readonly kind: "prune"; readonly receivedBeforeMs: number; readonly upToSeq: number; readonly max: number }
  | { readonly kind: "close" };

export type JournalAnswer =
  | { readonly kind: "open" }
  | { readonly kind: "appended"; readonly lastSeq: number }
  | { readonly kind: "probed"; readonly freeBytes: number }
  | { readonly kind: "pruned"; readonly removed: number }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Where an uplink ended up (DESIGN.md §1, "The ledger"). Always: received = stored + duplicate + rejected + quarantined + pending.
 * `pending` is not an outcome: it is what the journal holds beyond the cursor.
 */
export type UplinkOutcome = "stored" | "duplicate" | "rejected" | "quarantined";

export interface LedgerCounts {
  readonly received: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly quarantined: number;
  readonly pending: number;
}

/** `GET /api/v1/ledger`. */
export interface Ledger {
  readonly total: LedgerCounts;
  readonly bySource: Readonly<Record<string, LedgerCounts>>; // source: network id, or "direct" for devices that speak for themselves
  /** In readings. `refused`: set aside, since InfluxDB will never take them. */
  readonly influx: { readonly sent: number; readonly backlog: number; readonly refused: number; readonly lastError: string | null };
}

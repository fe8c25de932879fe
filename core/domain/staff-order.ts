/** confirm lifts a stop of the guard, after somebody looked; stop and start are staff's own; recheck is 全基準局を再確認. */
export type StaffOrderKind = "confirm" | "stop" | "start" | "recheck";

/** What somebody decided about a base, and who it was. */
export interface StaffOrder {
  readonly id: number;
  readonly at: string; // RFC 3339 UTC with ms
  readonly kind: StaffOrderKind;
  readonly baseId: string | null; // null: every base
  readonly username: string;
  readonly reason: string | null;
}

/** Why the relay did not let an account in: on `topics.refusals`, of accounts that exist. */
export interface Refusal {
  readonly at: string; // RFC 3339 UTC with ms
  readonly roverId: string;
  readonly username: string;
  readonly mount: string; // as asked for
  readonly reason: "wrong-password" | "back-off" | "expired" | "not-this-mount" | "unknown-mount" | "sessions" | "busy";
  readonly address: string;
}
export const REFUSAL_REASONS: readonly Refusal["reason"][] = ["wrong-password", "back-off", "expired", "not-this-mount", "unknown-mount", "sessions", "busy"];

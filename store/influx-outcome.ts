/** What an answer to a write means for the lines that were sent. */
export type WriteOutcome =
  | { readonly kind: "stored"; readonly notice?: string } // all of them, on InfluxDB's disk; notice: what somebody should know once
  | { readonly kind: "refused"; readonly reason: string; readonly certain: boolean } // at least one; the good ones may be stored. certain: a line is at fault
  | { readonly kind: "too-large"; readonly reason: string }
  | { readonly kind: "missing"; readonly reason: string } // no such database, bucket or path
  | { readonly kind: "forbidden"; readonly reason: string } // the operator has to mend something
  | { readonly kind: "later"; readonly reason: string; readonly retryAfterMs: number };

const RETRY_AFTER_MAX_MS = 900_000;
const HTTP_DATE = /^[A-Z][a-z]+,? /; // a day of the week first, in each of its three forms
/**
 * InfluxDB says "this line is bad" and "this request is bad" with the same 400. These words name a line (1.x, 2.x, 3.x);
 * with others the drain takes a line for bad only when another one of its batch is accepted.
 */
const LINE_FAULT = /partial write|unable to parse|field type conflict|invalid number|invalid field|retention policy|invalid column type|line protocol/i;

/** An answer to a write. `status` 0: no answer at all (network, time-out). `retryAfter` and `date` are its headers. */
export interface WriteAnswer {
  readonly status: number;
  readonly reason: string;
  readonly retryAfter?: string;
  readonly date?: string;
  readonly nowMs?: number;
}

/** The table of answers. */
export function classify(answer: WriteAnswer): WriteOutcome {
  const { status, reason } = answer;
  if (status === 204) return { kind: "stored" };
  // 201 is the partial success of 3.x: lines are missing, though the client library takes it for success.
  if (status === 201) return { kind: "refused", reason, certain: true };
  if (status === 400 || status === 422) return { kind: "refused", reason, certain: LINE_FAULT.test(reason) };
  if (status === 413) return { kind: "too-large", reason };
  if (status === 404) return { kind: "missing", reason };
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return { kind: "later", reason, retryAfterMs: retryAfterMs(answer) };
  return { kind: "forbidden", reason }; // 401, 403, a proxy's page, a redirect: keep everything
}

/**
 * RFC 9110 §10.2.3: seconds, or a date, which is held against the answer's own `Date`: its clock is not ours. Capped, so that a wrong
 * header cannot stop the drain for long.
 */
function retryAfterMs({ retryAfter, date, nowMs }: WriteAnswer): number {
  const header = retryAfter?.trim() ?? "";
  if (/^\d{1,9}$/.test(header)) return Math.min(RETRY_AFTER_MAX_MS, Number(header) * 1000);
  const untilMs = HTTP_DATE.test(header) ? Date.parse(header) : Number.NaN;
  const sentMs = date === undefined ? Number.NaN : Date.parse(date);
  const waitMs = untilMs - (Number.isNaN(sentMs) ? (nowMs ?? Number.NaN) : sentMs);
  return Number.isNaN(waitMs) ? 0 : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, waitMs));
}

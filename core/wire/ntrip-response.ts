/** What a caster answers, byte for byte as every known client accepts it. The digits `200` stand in no refusal: SparkFun's client greps for them. */
export const SERVER = "NTRIP Azemichi/0.1";

/**
 * NTRIP 1.0, to a rover and to a base. RTKLIB takes the second CRLF as data and resynchronises, others wait for the blank line.
 * No header: strict parsers would obey it, and lenient ones hand it to the receiver.
 */
export const ICY_OK = "ICY 200 OK\r\n\r\n";

const date = (nowMs: number): string => `Date: ${new Date(nowMs).toUTCString()}\r\n`;
const httpHead = (status: string, nowMs: number): string => `HTTP/1.1 ${status}\r\nNtrip-Version: Ntrip/2.0\r\nServer: ${SERVER}\r\n${date(nowMs)}`;

/** NTRIP 2.0, to a rover: ends with the connection, never chunked (many clients ask for version 2 and cannot de-chunk). */
export function streamOk(nowMs: number): string {
  return `${httpHead("200 OK", nowMs)}Cache-Control: no-store\r\nPragma: no-cache\r\nConnection: close\r\nContent-Type: gnss/data\r\n\r\n`;
}

/** NTRIP 2.0, to a base that posts. */
export function postOk(nowMs: number): string {
  return `${httpHead("200 OK", nowMs)}Connection: close\r\n\r\n`;
}

/** How the one who asks wants the table: NTRIP 1.0 status line, NTRIP 2.0, or plain HTTP for a browser. */
export type TableDialect = "v1" | "v2" | "browser";

/** Status line and the table itself, which ends with `ENDSOURCETABLE` and CRLF. */
export function sourcetableAnswer(table: string, dialect: TableDialect, nowMs: number): string {
  const length = `Connection: close\r\nContent-Length: ${Buffer.byteLength(table, "utf8")}\r\n\r\n`;
  switch (dialect) {
    case "v1":
      return `SOURCETABLE 200 OK\r\nServer: ${SERVER}\r\n${date(nowMs)}Content-Type: text/plain\r\n${length}${table}`;
    case "v2":
      return `${httpHead("200 OK", nowMs)}Ntrip-Flags: st_auth,st_match,st_strict,st_filter\r\nContent-Type: gnss/sourcetable\r\n${length}${table}`;
    case "browser":
      return `HTTP/1.1 200 OK\r\nServer: ${SERVER}\r\n${date(nowMs)}Content-Type: text/plain; charset=utf-8\r\n${length}${table}`;
  }
}

export type Refusal =
  | "unauthorized" // wrong or no password, or this account may not have this mount
  | "unknown-mount"
  | "mount-taken"
  | "unsupported-encoding"
  | "malformed"
  | "too-large"
  | "sessions" // the account has as many live sessions as it may
  | "busy";

const STATUS: Record<Refusal, string> = {
  unauthorized: "401 Unauthorized",
  "unknown-mount": "404 Not Found",
  "mount-taken": "409 Conflict",
  "unsupported-encoding": "415 Unsupported Media Type",
  malformed: "400 Bad Request",
  "too-large": "431 Request Header Fields Too Large",
  // HTTP/1.0 knows 503 (RFC 1945 §9.5) and not 429, and clients try again after it; after 401 and 403 some give up for good.
  sessions: "503 Service Unavailable",
  busy: "503 Service Unavailable",
};

/** After this a ghost of the same account counts no more. */
const RETRY_AFTER_S: Partial<Record<Refusal, number>> = { sessions: 16, busy: 5 };

/** To anyone who speaks HTTP. An NTRIP 1.0 client gets the status line of HTTP/1.0, as RTKLIB's own caster sends it. */
export function httpRefusal(refusal: Refusal, to: { readonly mount: string; readonly version: 1 | 2 }, nowMs: number): string {
  const status = STATUS[refusal];
  const challenge = refusal === "unauthorized" ? `WWW-Authenticate: Basic realm="${realm(to.mount)}"\r\n` : "";
  const retryAfterS = RETRY_AFTER_S[refusal];
  const retry = retryAfterS === undefined ? "" : `Retry-After: ${retryAfterS}\r\n`;
  const head = to.version === 2 ? httpHead(status, nowMs) : `HTTP/1.0 ${status}\r\nServer: ${SERVER}\r\n${date(nowMs)}`;
  return `${head}${challenge}${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`;
}

/** What was asked for comes back only where it can do no harm in a header. */
const realm = (mount: string): string => (/^[\w.~-]{1,100}$/.test(mount) && !mount.includes("200") ? `/${mount}` : "/");

/** To an NTRIP 1.0 base: the two sentences its specification knows. */
export function sourceRefusal(refusal: Refusal): string {
  return refusal === "unauthorized" ? "ERROR - Bad Password\r\n" : "ERROR - Mount Point Taken or Invalid\r\n";
}

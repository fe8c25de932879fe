import { basicCredentials, type Credentials, compressionIn, type Headers, ntripVersion, readHeaders, unglued } from "./ntrip-headers.ts";

export type { Credentials } from "./ntrip-headers.ts";

/**
 * The first words of whoever connects to the caster, as the field sends them: NTRIP 1.0 and 2.0, RTKLIB, consoles of tractors,
 * receivers with a request of their own making. Tolerant in form, bounded in size; it never throws.
 */
interface RequestHead {
  readonly mount: string; // without slash and query, percent-decoded; "" asks for the sourcetable
  readonly version: 1 | 2; // 2 only where `Ntrip-Version: Ntrip/2…` says so
  readonly agent: string | null;
  readonly credentials: Credentials | null;
}

/** A rover, or someone who wants the sourcetable. */
export interface GetRequest extends RequestHead {
  readonly kind: "get";
  readonly query: string | null; // as sent, not decoded
  readonly host: string | null; // as the client calls us, without port
  readonly gga: readonly string[]; // lines found in `Ntrip-GGA` or, from old AgIO, naked among the headers
}
/** NTRIP 2.0 base. */
export interface PostRequest extends RequestHead {
  readonly kind: "post";
  readonly chunked: boolean;
  readonly contentEncoding: string | null; // a compression among the transfer codings too (`gzip, chunked`)
}
/** NTRIP 1.0 base. */
export interface SourceRequest extends RequestHead {
  readonly kind: "source";
  readonly password: string;
}
export type NtripRequest = GetRequest | PostRequest | SourceRequest;

export type RequestError =
  | "not-ntrip" // garbage, TLS on the plain port, a method of somebody else's protocol
  | "too-large" // head over the limit
  | "malformed"; // SOURCE without a mount and the like

export type Parsed =
  | { readonly kind: "need-more" }
  | { readonly kind: "request"; readonly request: NtripRequest; readonly rest: Uint8Array } // rest: bytes behind the head
  | { readonly kind: "error"; readonly reason: RequestError };

/** STYLE §4.11: an NTRIP head of the field is under 1 kB. */
export const HEAD_BYTES_MAX = 8192;
const NEED_MORE: Parsed = { kind: "need-more" };
const NOTHING: Uint8Array = new Uint8Array(0);
const METHODS = ["GET ", "POST ", "SOURCE "] as const;
const LONGEST_METHOD_BYTES = 7;
const LF = 0x0a;
const CR = 0x0d;
const DOLLAR = 0x24;

/** Collects one head from pieces. Feed `push` until it answers other than need-more; then it is done. */
export class NtripRequestParser {
  readonly #maxBytes: number;
  #head: Uint8Array = NOTHING;
  #scanned = 0; // no end of head before this

  constructor(maxBytes: number = HEAD_BYTES_MAX) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the bytes so far end with a line: then a short idle time is enough to take the head as whole. */
  get atLineEnd(): boolean {
    return this.#head.length > 0 && this.#head[this.#head.length - 1] === LF;
  }

  push(chunk: Uint8Array): Parsed {
    this.#head = this.#head.length === 0 ? withoutBlankLead(chunk) : withoutBlankLead(Buffer.concat([this.#head, chunk]));
    if (!mayBeNtrip(this.#head)) return { kind: "error", reason: "not-ntrip" };
    const end = endOfHead(this.#head, this.#scanned);
    if (end === null) {
      if (this.#head.length > this.#maxBytes) return { kind: "error", reason: "too-large" };
      this.#scanned = Math.max(0, this.#head.length - 3);
      return NEED_MORE;
    }
    if (end > this.#maxBytes) return { kind: "error", reason: "too-large" };
    return parsed(this.#head.subarray(0, end), this.#head.subarray(end));
  }

  /**
   * The peer has been quiet for a while, or ended its side: what is there is all there will be (HTTP/0.9-like requests,
   * Android copies of Lefebure that leave the blank line out, devices that send no line end at all).
   */
  idle(): Parsed {
    if (this.#head.length < LONGEST_METHOD_BYTES) return { kind: "error", reason: "not-ntrip" };
    return parsed(this.#head, NOTHING);
  }
}

/** Blank lines before a request are ignored, RFC 9112 §2.2. */
function withoutBlankLead(data: Uint8Array): Uint8Array {
  let at = 0;
  while (data[at] === CR || data[at] === LF) at += 1;
  return at === 0 ? data : data.subarray(at);
}

/** Whether these bytes begin, or may yet begin, one of our methods: garbage is turned away at its first byte. */
function mayBeNtrip(data: Uint8Array): boolean {
  const start = latin1(data.subarray(0, LONGEST_METHOD_BYTES)).toUpperCase();
  return METHODS.some((method) => start.startsWith(method) || method.startsWith(start));
}

/**
 * Offset behind the blank line, CRLF or bare LF; null when there is none yet. Two GGA lines in a row are no header any more
 * but a rover that left the blank line out and sends its position each second, so that it is never quiet.
 */
function endOfHead(data: Uint8Array, from: number): number | null {
  for (let lf = data.indexOf(LF, from); lf !== -1; lf = data.indexOf(LF, lf + 1)) {
    if (data[lf + 1] === LF) return lf + 2;
    if (data[lf + 1] === CR && data[lf + 2] === LF) return lf + 3;
    if (data[lf + 1] === DOLLAR && data[lineBefore(data, lf)] === DOLLAR) return lf + 1;
  }
  return null;
}

const lineBefore = (data: Uint8Array, lf: number): number => data.lastIndexOf(LF, lf - 1) + 1;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");

function parsed(head: Uint8Array, rest: Uint8Array): Parsed {
  const text = utf8(head);
  const lines = /[\r\n]/.test(text) ? text.split(/\r\n?|\n/) : unglued(text);
  const first = lines[0] as string;
  const method = METHODS.find((m) => first.slice(0, m.length).toUpperCase() === m);
  if (method === undefined) return { kind: "error", reason: "not-ntrip" };
  const target = first.slice(method.length);
  const headers = readHeaders(lines.slice(1));
  const request = method === "SOURCE " ? sourceRequest(target, headers) : httpRequest(method, target, headers);
  return request === null ? { kind: "error", reason: "malformed" } : { kind: "request", request, rest };
}

/** `GET /M HTTP/1.1`, `GET M`, `GET http://host:port/M HTTP/1.0` through a proxy, `GET /M?query`. */
function httpRequest(method: "GET " | "POST ", target: string, headers: Headers): NtripRequest {
  const path = target
    .trim()
    .replace(/(^|\s+)HTTP\/\d(\.\d)?$/i, "")
    .replace(/^[a-z]+:\/\/[^/?]*/i, "");
  const question = path.indexOf("?");
  const version = ntripVersion(headers.values.get("ntrip-version"));
  const head = {
    mount: mountOf(question === -1 ? path : path.slice(0, question)),
    version,
    agent: headers.values.get("user-agent") || null,
    credentials: basicCredentials(headers.values.get("authorization")),
  };
  if (method === "GET ") return { kind: "get", ...head, query: question === -1 ? null : path.slice(question + 1), host: hostIn(headers), gga: headers.gga };
  return {
    kind: "post",
    ...head,
    chunked: /\bchunked\b/i.test(headers.values.get("transfer-encoding") ?? ""),
    contentEncoding: headers.values.get("content-encoding")?.toLowerCase() || compressionIn(headers.values.get("transfer-encoding")),
  };
}

/** `SOURCE pw MNT`, `SOURCE pw /MNT`, both also with ` HTTP/1.x` behind; an empty password leaves two spaces or only the mount. */
function sourceRequest(target: string, headers: Headers): SourceRequest | null {
  const words = target.replace(/\s+HTTP\/\d(\.\d)?\s*$/i, "").trimEnd();
  const space = words.lastIndexOf(" ");
  const mount = mountOf(words.slice(space + 1));
  if (mount === "") return null;
  return {
    kind: "source",
    mount,
    version: 1,
    agent: headers.values.get("source-agent") || headers.values.get("user-agent") || null,
    credentials: null,
    password: space === -1 ? "" : words.slice(0, space),
  };
}

const hostIn = (headers: Headers): string | null => /^[\w.-]{1,128}(?=(:\d+)?$)/.exec(headers.values.get("host") ?? "")?.[0] ?? null;

function mountOf(path: string): string {
  const name = path.trim().replace(/^\/+/, "").replace(/\/+$/, "");
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name; // a stray % is part of the name
    throw error;
  }
}

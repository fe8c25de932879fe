import { HttpError, InfluxDB } from "@influxdata/influxdb-client";
import { type ApiAnswer, type BucketTarget, type CallApi, type Ensured, ensureBucket, ensureMapping } from "./influx-bucket.ts";
import { classify, type WriteOutcome } from "./influx-outcome.ts";

/** Slice of the configuration (`AZEMICHI_INFLUX_…`). With a bucket: 2.x, Cloud, 3.x; without: 1.x and a database. */
export interface InfluxTarget {
  readonly url: string;
  readonly token: string | null;
  readonly org: string | null;
  readonly bucket: string | null;
  readonly database: string | null;
  readonly username: string | null;
  readonly password: string | null;
}

/** One answer of InfluxQL: `values` are rows in the order of `columns`. Times are Unix ms. */
export interface InfluxSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

const TIMEOUT_MS = 15_000;
const GZIP_FROM_BYTES = 1000;
const REASON_MAX_CHARS = 300;

/**
 * HTTP to one InfluxDB through `transport.request`: never through WriteApi, whose buffer is in memory, drops its oldest lines and
 * reports success for lines that were not stored. 1.x, 2.x and 3.x differ in the path of a write and in the Authorization header only.
 */
export class InfluxClient {
  readonly #influx: InfluxDB;
  readonly #headers: Record<string, string>;
  readonly #writePath: string;
  readonly #database: string; // what InfluxQL calls `db`
  readonly #bucket: BucketTarget | null; // null: 1.x
  readonly #secrets: readonly string[];
  readonly #whatToCheck: string; // when it says that we may not
  readonly #nowMs: () => number;
  #mappingLooked = false;

  constructor(target: InfluxTarget, nowMs: () => number = Date.now) {
    const url = new URL(target.url);
    const username = target.username ?? (url.username === "" ? null : decodeURIComponent(url.username));
    const password = target.password ?? (url.password === "" ? null : decodeURIComponent(url.password));
    url.username = "";
    url.password = "";
    this.#influx = new InfluxDB({ url: url.href, timeout: TIMEOUT_MS });
    const basic = `${username ?? ""}:${password ?? ""}`;
    const authorization = target.token !== null ? `Token ${target.token}` : username !== null ? `Basic ${Buffer.from(basic, "utf8").toString("base64")}` : null;
    this.#headers = authorization === null ? {} : { authorization };
    this.#database = target.database ?? target.bucket ?? "";
    const query =
      target.bucket === null
        ? new URLSearchParams({ db: this.#database, precision: "ms" })
        : new URLSearchParams({ ...(target.org === null ? {} : { org: target.org }), bucket: target.bucket, precision: "ms" });
    this.#writePath = `${target.bucket === null ? "/write" : "/api/v2/write"}?${query}`;
    this.#bucket = target.bucket === null ? null : { org: target.org, bucket: target.bucket, database: this.#database };
    this.#whatToCheck = target.token === null ? "check AZEMICHI_INFLUX_USERNAME and AZEMICHI_INFLUX_PASSWORD" : "check AZEMICHI_INFLUX_TOKEN";
    this.#nowMs = nowMs;
    this.#secrets = [target.token, password, authorization?.replace(/^\w+ /, "") ?? null].filter((s) => s !== null && s !== "") as string[];
  }

  /**
   * Sends lines as one request. Every answer is a value: nothing here throws but an abort of `signal`. After the first that a bucket
   * took, the mapping that InfluxQL needs is looked after, once.
   */
  async writeLines(lines: string, signal?: AbortSignal): Promise<WriteOutcome> {
    const outcome = await this.#post(lines, signal);
    if (outcome.kind !== "stored" || this.#bucket === null || this.#mappingLooked) return outcome;
    this.#mappingLooked = true;
    const mapping = await ensureMapping(this.#api(signal), this.#bucket);
    return mapping.kind === "ready" ? outcome : { kind: "stored", notice: mapping.reason };
  }

  async #post(lines: string, signal?: AbortSignal): Promise<WriteOutcome> {
    let status: number | undefined;
    try {
      await this.#influx.transport.request(
        this.#writePath,
        lines,
        {
          method: "POST",
          headers: { ...this.#headers, "content-type": "text/plain; charset=utf-8" },
          gzipThreshold: GZIP_FROM_BYTES,
          signal: withTimeout(signal),
        },
        (_headers, statusCode) => {
          status = statusCode;
        },
      );
      return classify({ status: status ?? 0, reason: `InfluxDB answered ${status}` });
    } catch (error) {
      signal?.throwIfAborted();
      return classify({ ...this.#failure(error), nowMs: this.#nowMs() });
    }
  }

  /**
   * One InfluxQL text (several statements with `;`), values bound as `$name`. Answers one list of series per statement.
   * Throws an Error with a clean text; a 200 can carry an error too.
   */
  async query(influxql: string, params: Readonly<Record<string, string | number>> = {}, signal?: AbortSignal): Promise<InfluxSeries[][]> {
    let answer: { error?: string; results?: { statement_id?: number; error?: string; series?: InfluxSeries[] }[] };
    try {
      answer = await this.#influx.transport.request(
        "/query",
        new URLSearchParams({ db: this.#database, epoch: "ms", q: influxql, params: JSON.stringify(params) }).toString(),
        {
          method: "POST",
          headers: { ...this.#headers, "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
          signal: withTimeout(signal),
        },
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw new Error(this.#failure(error).reason, { cause: error });
    }
    const failed = answer.error ?? answer.results?.find((r) => r.error !== undefined)?.error;
    if (failed !== undefined) throw new Error(this.#clean(failed));
    return (answer.results ?? []).map((r) => r.series ?? []);
  }

  /** Creates the database (1.x) or bucket (2.x, Cloud) that was missing, where we may. */
  async ensureDatabase(signal?: AbortSignal): Promise<Ensured> {
    if (this.#bucket !== null) return ensureBucket(this.#api(signal), this.#bucket);
    try {
      await this.query(`CREATE DATABASE ${quoteIdentifier(this.#database)}`, {}, signal);
      return { kind: "ready" };
    } catch (error) {
      signal?.throwIfAborted();
      return { kind: "failed", reason: (error as Error).message };
    }
  }

  #api(signal: AbortSignal | undefined): CallApi {
    return async ({ method, path, body }): Promise<ApiAnswer> => {
      let status = 0;
      try {
        const answer: unknown = await this.#influx.transport.request(
          path,
          body === undefined ? "" : JSON.stringify(body),
          { method, headers: { ...this.#headers, accept: "application/json", "content-type": "application/json" }, signal: withTimeout(signal) },
          (_headers, statusCode) => {
            status = statusCode ?? 0;
          },
        );
        return { status, body: answer, reason: `${status}` };
      } catch (error) {
        signal?.throwIfAborted();
        const failure = this.#failure(error);
        return { status: failure.status, body: null, reason: failure.reason };
      }
    };
  }

  /** `/ping`, the one health path that every generation has. */
  async ping(signal?: AbortSignal): Promise<{ readonly kind: "up" } | { readonly kind: "down"; readonly reason: string }> {
    try {
      await this.#influx.transport.request("/ping", "", { method: "GET", headers: this.#headers, signal: withTimeout(signal) });
      return { kind: "up" };
    } catch (error) {
      signal?.throwIfAborted();
      return { kind: "down", reason: this.#failure(error).reason };
    }
  }

  #failure(error: unknown): { status: number; reason: string; retryAfter?: string; date?: string } {
    // The package is minified: its classes are told apart by instanceof, never by name.
    if (error instanceof HttpError) {
      const { statusCode: status, headers } = error;
      const hint = status === 401 || status === 403 ? `: ${this.#whatToCheck}` : "";
      const retryAfter = headers?.["retry-after"];
      const date = headers?.["date"];
      return {
        status,
        reason: `${this.#clean(`${status} ${bodyText(error)}`)}${hint}`,
        ...(typeof retryAfter === "string" ? { retryAfter } : {}),
        ...(typeof date === "string" ? { date } : {}),
      };
    }
    const { message, code } = error as { message?: string; code?: string };
    return { status: 0, reason: this.#clean(message || code || "no answer") };
  }

  #clean(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, "***");
    return clean.replace(/\s+/g, " ").slice(0, REASON_MAX_CHARS);
  }
}

/** An InfluxQL identifier in double quotes. InfluxDB itself refuses `/`, `\` and line breaks in a database's name. */
export function quoteIdentifier(name: string): string {
  return `"${name.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** 1.x answers `{"error": …}`, 2.x and 3.x `{"code": …, "message": …}`. */
function bodyText(error: HttpError): string {
  try {
    const body = JSON.parse(error.body ?? "") as { error?: unknown; message?: unknown };
    return String(body.error ?? body.message ?? error.body);
  } catch {
    return error.body || error.statusMessage || "";
  }
}

/** The transport's own time-out leaves its socket open; this one ends it. */
function withTimeout(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

import type { ConfigJson, MeJson, SeriesJson, SnapshotJson } from "../../core/domain/api.ts";

const REQUEST_TIMEOUT_MS = 15_000;
export const API = "api/v1/"; // relative: the page may stand behind a path prefix

/** What a request came to. Every outcome is one that the page has words for. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "unchanged" } // 304
  | { readonly kind: "log-in" } // 401
  | { readonly kind: "too-many" } // 429
  | { readonly kind: "refused"; readonly status: number } // other 4xx
  | { readonly kind: "server" } // 5xx, or not our JSON
  | { readonly kind: "offline" }; // no answer

/** One request to the API, every outcome of it a value. */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(API + path, { cache: "no-store", ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  } catch {
    return { kind: "offline" }; // fetch rejects only when there is no answer: network, time-out
  }
  if (response.status === 304) return { kind: "unchanged" };
  if (response.status === 401) return { kind: "log-in" };
  if (response.status === 429) return { kind: "too-many" };
  if (response.status >= 500) return { kind: "server" };
  if (!response.ok) return { kind: "refused", status: response.status };
  try {
    const text = await response.text();
    return { kind: "ok", value: (text === "" ? null : JSON.parse(text)) as T };
  } catch {
    return { kind: "server" };
  }
}

const query = (values: Readonly<Record<string, string>>): string => new URLSearchParams(values).toString();

export const fetchMe = (): Promise<Answer<MeJson>> => ask("me");
export const fetchConfig = (): Promise<Answer<ConfigJson>> => ask("config");
export const fetchSnapshot = (since: string | null): Promise<Answer<SnapshotJson>> => ask(since === null ? "snapshot" : `snapshot?${query({ since })}`);

export interface SeriesQuery {
  readonly device: string;
  readonly quantity: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const interval = ({ fromMs, toMs }: SeriesQuery) => ({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });

/** At most 800 buckets, empty ones kept as nulls. */
export const fetchSeries = (q: SeriesQuery): Promise<Answer<SeriesJson>> =>
  ask(`series?${query({ device: q.device, quantity: q.quantity, ...interval(q), max: "800" })}`);

export const csvHref = (q: SeriesQuery & { header: "ja" | "machine" }): string =>
  `${API}export/readings.csv?${query({ device: q.device, quantity: q.quantity, ...interval(q), header: q.header })}`;

export const logIn = (username: string, password: string): Promise<Answer<unknown>> =>
  ask("session", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ username, password }) });
export const logOut = (): Promise<Answer<unknown>> => ask("session", { method: "DELETE" });

/** Opens the event stream. Text chunks arrive at `onText`; resolves when the stream ends. */
export async function readEvents(options: {
  lastId: string | null;
  signal: AbortSignal;
  onText: (text: string) => void;
}): Promise<"ended" | "log-in" | "failed" | "aborted"> {
  try {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (options.lastId !== null) headers["last-event-id"] = options.lastId;
    const response = await fetch(`${API}events`, { cache: "no-store", headers, signal: options.signal });
    if (response.status === 401) return "log-in";
    if (!response.ok || response.body === null) return "failed";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return "ended";
      options.onText(value);
    }
  } catch {
    return options.signal.aborted ? "aborted" : "failed";
  }
}

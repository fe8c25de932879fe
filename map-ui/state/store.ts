import { batch, computed, signal } from "@preact/signals-core";
import type { ConfigJson, MeJson } from "../../core/domain/api.ts";
import { DEFAULT_BAND } from "../../core/domain/paddy-status.ts";
import { en } from "../i18n/en.ts";
import { ja, type Messages } from "../i18n/ja.ts";
import { fetchConfig, fetchMe, fetchSnapshot, readEvents } from "../live/api-client.ts";
import { LiveFeed, type LiveStatus } from "../live/live-feed.ts";
import { EMPTY_FIELD, type Field, fromSnapshot, withEvents } from "./field.ts";
import { clocksOf } from "./format.ts";
import { paddiesOf } from "./paddies.ts";
import { view } from "./view.ts";

export type Boot =
  | { readonly kind: "loading" }
  | { readonly kind: "trouble"; readonly what: "offline" | "server" }
  | { readonly kind: "log-in" } // nothing can be seen without
  | { readonly kind: "ready" };

const RETRY_MS = 5000;
const LOG_IN_PAUSE_MS = 1000; // a server that says "log in" to whom it knows must not be asked in a storm

export const boot = signal<Boot>({ kind: "loading" });
export const me = signal<MeJson | null>(null);
export const config = signal<ConfigJson | null>(null);
export const field = signal<Field>(EMPTY_FIELD);
export const liveStatus = signal<LiveStatus>("starting");
/** Our time of the last word from the server, 0 = none yet. */
export const heardAtMs = signal(0);
/** The server's time, once a second: marks and ages follow it, so what is old turns to unknown by itself. */
export const clockMs = signal(Date.now());

export const messages = computed<Messages>(() => (view.value.lang === "en" ? en : ja));
export const clocks = computed(() => clocksOf(config.value?.site.timeZone ?? "Asia/Tokyo"));
export const band = computed(() => config.value?.band ?? DEFAULT_BAND);
export const paddies = computed(() => paddiesOf(field.value, band.value, clockMs.value));

let serverAheadMs = 0; // phones' clocks are often wrong; ages are measured with the server's
const nowMs = (): number => Date.now() + serverAheadMs;

const feed = { current: null as LiveFeed | null };

/** Starts the clock, loads who we are, and follows the field until the page is closed. */
export async function start(): Promise<void> {
  setInterval(() => {
    clockMs.value = nowMs();
  }, 1000);
  const nudge = () => {
    if (document.visibilityState !== "visible") return;
    clockMs.value = nowMs();
    feed.current?.nudge();
  };
  document.addEventListener("visibilitychange", nudge);
  addEventListener("online", nudge);
  await load();
}

/** Loads `me` and `config`, retrying by itself; then the field. */
export async function load(): Promise<void> {
  const [meAnswer, configAnswer] = await Promise.all([fetchMe(), fetchConfig()]);
  if (meAnswer.kind !== "ok" || configAnswer.kind !== "ok") {
    const offline = meAnswer.kind === "offline" || configAnswer.kind === "offline";
    boot.value = { kind: "trouble", what: offline ? "offline" : "server" };
    setTimeout(() => void load(), RETRY_MS);
    return;
  }
  batch(() => {
    me.value = meAnswer.value;
    config.value = configAnswer.value;
    boot.value = { kind: meAnswer.value.access === "none" ? "log-in" : "ready" };
  });
  if (meAnswer.value.access !== "none") follow();
}

/** After a log-in or log-out: another person, another field. */
export async function reload(): Promise<void> {
  feed.current?.stop();
  feed.current = null;
  batch(() => {
    field.value = EMPTY_FIELD;
    heardAtMs.value = 0;
    boot.value = { kind: "loading" };
  });
  await load();
}

function follow(): void {
  feed.current?.stop();
  const next = new LiveFeed({
    fetchSnapshot,
    readEvents,
    nowMs: () => Date.now(),
    onSnapshot: (snapshot) =>
      batch(() => {
        serverAheadMs = Date.parse(snapshot.at) - Date.now();
        clockMs.value = nowMs();
        field.value = fromSnapshot(snapshot, field.peek());
      }),
    onEvents: (events, id) => {
      field.value = withEvents(field.peek(), events, id);
    },
    onStatus: (status) => {
      liveStatus.value = status;
    },
    onHeard: () => {
      heardAtMs.value = nowMs();
    },
    onLogIn: () => setTimeout(() => void reload(), LOG_IN_PAUSE_MS),
  });
  feed.current = next;
  void next.run();
}

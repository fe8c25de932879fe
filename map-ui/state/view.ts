import { signal } from "@preact/signals-core";

export type Tab = "today" | "map" | "base";
export type Lang = "ja" | "en";
export type SelectedKind = "plot" | "base" | "rover" | "gateway";
export interface Selected {
  readonly kind: SelectedKind;
  readonly id: string;
}
export const SCALES_PCT = [100, 125, 150, 200] as const;
export type ScalePct = (typeof SCALES_PCT)[number];

/** What is on the screen. It lives in the URL, so that a link shows somebody else the same. */
export interface View {
  readonly tab: Tab;
  readonly selected: Selected | null;
  readonly lang: Lang;
  readonly scalePct: ScalePct;
  readonly ground: string | null; // id of the base map; null = the first of the configuration
}

const TABS: readonly Tab[] = ["today", "map", "base"];
const KINDS: readonly SelectedKind[] = ["plot", "base", "rover", "gateway"];

/** The language of a first visit: English only for a browser that asks for it before Japanese. */
export function firstLang(asked: readonly string[]): Lang {
  const first = asked.map((tag) => tag.toLowerCase().split("-")[0]).find((lang) => lang === "ja" || lang === "en");
  return first === "en" ? "en" : "ja";
}

/** Reads a query string; what is absent or unknown falls back to what the device remembers, then to the default. */
export function parseView(search: string, remembered: { lang: string | null; scale: string | null }): View {
  const query = new URLSearchParams(search);
  const lang = query.get("lang") ?? remembered.lang;
  const scale = Number(query.get("scale") ?? remembered.scale);
  const kind = KINDS.find((k) => query.get(k));
  return {
    tab: TABS.find((t) => t === query.get("tab")) ?? "today",
    selected: kind === undefined ? null : { kind, id: query.get(kind) ?? "" },
    lang: lang === "en" ? "en" : "ja",
    scalePct: SCALES_PCT.find((s) => s === scale) ?? 100,
    ground: query.get("ground"),
  };
}

/** `unsaid`: the language that an address without one means in this browser. */
export function viewSearch(view: View, unsaid: Lang = "ja"): string {
  const query = new URLSearchParams();
  if (view.tab !== "today") query.set("tab", view.tab);
  if (view.selected) query.set(view.selected.kind, view.selected.id);
  if (view.ground !== null) query.set("ground", view.ground);
  if (view.lang !== unsaid) query.set("lang", view.lang);
  if (view.scalePct !== 100) query.set("scale", String(view.scalePct));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

const LANG_KEY = "azemichi.lang";
const SCALE_KEY = "azemichi.scale";

/** Storage may be forbidden (virtual browsers of town halls): the URL alone must do. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // the URL keeps it
  }
}
const viewNow = (): View => parseView(location.search, { lang: remembered(LANG_KEY) ?? browserLang(), scale: remembered(SCALE_KEY) });
const browserLang = (): Lang => firstLang(navigator.languages);

export const view = signal<View>({ tab: "today", selected: null, lang: "ja", scalePct: 100, ground: null });

/** Starts following the URL (back and forward buttons). */
export function followUrl(): void {
  view.value = viewNow();
  addEventListener("popstate", () => {
    view.value = viewNow();
  });
}

/** The address that shows the view after `change`. */
export function hrefOf(change: Partial<View>): string {
  return `${location.pathname}${viewSearch({ ...view.peek(), ...change }, browserLang())}`;
}

/** Changes the view. `push` makes a step that the back button undoes. */
export function navigate(change: Partial<View>, step: "push" | "replace"): void {
  const next = { ...view.peek(), ...change };
  if (change.lang) remember(LANG_KEY, change.lang);
  if (change.scalePct) remember(SCALE_KEY, String(change.scalePct));
  const url = `${location.pathname}${viewSearch(next, browserLang())}`;
  if (step === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  view.value = next;
}

export function sameSelected(a: Selected | null, b: Selected | null): boolean {
  return a === b || (a !== null && b !== null && a.kind === b.kind && a.id === b.id);
}

import type { Sentence } from "../../core/domain/live.ts";

/** Why a rover on NEAR or FIELD gets the base it gets. Both languages of a notice together fit a 1029. */
export const CHOICE_WORDS = {
  lastBase: (base: string): Sentence => ({ code: "last-base", ja: `前回と同じ基準局（${base}）`, en: `The base of last time (${base})` }),
  configuredBase: (base: string): Sentence => ({ code: "configured-base", ja: `登録された基準局（${base}）`, en: `The rover's own base (${base})` }),
  siteBase: (base: string): Sentence => ({ code: "site-base", ja: `町の中央に近い基準局（${base}）`, en: `The base nearest to the site (${base})` }),
  nearest: (base: string): Sentence => ({ code: "nearest-base", ja: `最も近い基準局（${base}）`, en: `The nearest base (${base})` }),
  nearer: (base: string): Sentence => ({ code: "nearer-base", ja: `より近い基準局（${base}）に切り替えました`, en: `Changed to a nearer base (${base})` }),
  homeBase: (base: string, plot: string): Sentence => ({
    code: "home-base",
    ja: `ほ場「${plot}」の基準局（${base}）です`,
    en: `Home base (${base}) of plot "${plot}"`,
  }),
  homeUnavailable: (base: string, plot: string): Sentence => ({
    code: "home-base-unavailable",
    ja: `ほ場「${plot}」の基準局が使えないため、基準局（${base}）です`,
    en: `Home base of plot "${plot}" not usable: base ${base}`,
  }),
  failover: (base: string, why: Sentence): Sentence => ({
    code: "base-failover",
    ja: `${why.ja}。基準局（${base}）に切り替えました`,
    en: `${why.en}. Changed to base ${base}`,
  }),
  baseIsBack: (base: string): Sentence => ({ code: "base-back", ja: `基準局（${base}）が復旧しました`, en: `Base ${base} is back` }),
  stopNow: { code: "stop-now", ja: "止めてください。基準局の異常で補正を終えました", en: "Stop. Corrections have ended: base failed" },
  tooFar: { code: "too-far", ja: "基準局から遠すぎるため補正を送れません", en: "Too far from every base. No corrections" },
  noBase: { code: "no-base", ja: "使える基準局がありません", en: "No base available" },
  silent: (base: string): Sentence => ({ code: "base-silent", ja: `基準局（${base}）からの補正が途絶えました`, en: `Base ${base} went silent` }),
  gone: { code: "base-left-pool", ja: "基準局の登録が変わり、使えなくなりました", en: "The base is no longer registered for this use" },
  tooFewSatellites: (base: string): Sentence => ({
    code: "base-too-few-satellites",
    ja: `基準局（${base}）の衛星数が足りません`,
    en: `Base ${base} has too few satellites`,
  }),
  datumChanged: (of: { readonly plot: string; readonly before: string; readonly now: string }): Sentence => ({
    code: "datum-changed",
    ja: `ほ場「${of.plot}」の測地系が前回と違います（${of.before}→${of.now}）`,
    en: `Plot "${of.plot}": datum differs from last time (${of.before}, now ${of.now})`,
  }),
} as const;

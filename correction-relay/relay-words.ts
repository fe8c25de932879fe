import type { Sentence } from "../core/domain/live.ts";

/** What the relay says to drivers (in 1029), owners and staff. Corrections are reported, never permission. */
export const WORDS = {
  baseSilent: { code: "base-silent", ja: "基準局からの補正が届いていません", en: "No corrections from the base" },
  baseAbsent: { code: "base-absent", ja: "基準局が接続していません", en: "The base is not connected" },
  awaitsPosition: { code: "awaits-arp", ja: "基準局の位置を確認中です。補正はまだ送りません", en: "Base position not yet confirmed. No corrections" },
  noBase: { code: "no-base", ja: "使える基準局がありません", en: "No base available" },
  networkFull: { code: "network-full", ja: "配信元の同時接続数に空きがありません", en: "The network account has no session left" },
} as const satisfies Readonly<Record<string, Sentence>>;

/** For a console of unknown language: Japanese first. */
export const spoken = ({ ja, en }: Sentence): string => (ja === en ? ja : `${ja} / ${en}`);

import type { Sentence } from "../core/domain/live.ts";

/** A distance as people say it. */
export function distance(m: number): string {
  if (m < 1) return `${(m * 100).toFixed(1)} cm`;
  if (m < 10_000) return `${m.toFixed(m < 100 ? 2 : 0)} m`;
  return `${(m / 1000).toFixed(0)} km`;
}

/** What the guard of a base says: in both languages together it fits a 1029 (127 characters, 255 bytes). */
export const GUARD_WORDS = {
  offSurvey: (offM: number): Sentence => ({
    code: "arp-off-survey",
    ja: `基準局の位置が測量値と${distance(offM)}違うため補正を止めました`,
    en: `Base position is ${distance(offM)} off its survey. Corrections stopped`,
  }),
  jumped: (offM: number): Sentence => ({
    code: "arp-jumped",
    ja: `基準局の位置が${distance(offM)}変わったため補正を止めました`,
    en: `Base position jumped by ${distance(offM)}. Corrections stopped`,
  }),
  positionLost: {
    code: "arp-no-position",
    ja: "基準局が正しい位置を送っていないため補正を止めました",
    en: "The base sends no valid position. Corrections stopped",
  },
  bumped: (displacementM: number): Sentence => ({
    code: "base-bumped",
    ja: `基準局のアンテナが${distance(displacementM)}動いたため補正を止めました`,
    en: `Base antenna moved by ${distance(displacementM)}. Corrections stopped`,
  }),
  staffStopped: { code: "staff-stopped", ja: "職員が基準局を止めています", en: "Base stopped by staff" },
  staffStarted: { code: "staff-started", ja: "職員が基準局を再開しました", en: "Base started by staff" },
  missing: (afterS: number): Sentence => ({
    code: "arp-missing",
    ja: `基準局の位置（1005/1006）が${afterS}秒以上届かず、補正を送れません`,
    en: `No base position (1005/1006) for over ${afterS} s. Nothing is relayed`,
  }),
  arrived: { code: "arp-agrees", ja: "基準局の位置が測量値と合いました", en: "Base position agrees with its survey" },
  noPosition: {
    code: "arp-empty",
    ja: "未測量の基準局が空の位置を送っています。その位置は中継しません",
    en: "An unsurveyed base sends an empty position, which is not relayed",
  },
  learned: { code: "arp-learned", ja: "未測量の基準局の位置を覚えました", en: "Position of an unsurveyed base learned" },
  confirmed: { code: "guard-confirmed", ja: "職員が確認し、停止を解きました", en: "Confirmed by staff; the stop is lifted" },
  recheckDue: { code: "recheck-due", ja: "基準局の再確認を待っています", en: "The base has to be checked again" },
  recheckPassed: { code: "recheck-passed", ja: "基準局を再確認しました", en: "The base has passed its check" },
  memoryLost: {
    code: "guard-memory-lost",
    ja: "停止と位置の記録が失われました。基準局を確かめてください",
    en: "The record of stops and positions was lost. Check the base",
  },
  descriptorChanged: (what: string, from: string, to: string): Sentence => ({
    code: "descriptor-changed",
    ja: `基準局の${WHAT_JA.get(what) ?? what}が「${from}」から「${to}」に変わりました`,
    en: `Base ${what} changed from "${from}" to "${to}"`,
  }),
  tooFar: (km: number): Sentence => ({
    code: "network-too-far",
    ja: `ネットワーク型の基準点が${km.toFixed(0)} km離れているため補正を止めました`,
    en: `Network reference is ${km.toFixed(0)} km away. Corrections stopped`,
  }),
  referenceChanged: { code: "network-reference-changed", ja: "ネットワーク型の基準点が変わりました", en: "The network's reference position changed" },
} as const;

const WHAT_JA: ReadonlyMap<string, string> = new Map([
  ["antenna", "アンテナ"],
  ["antenna serial", "アンテナ製造番号"],
  ["receiver", "受信機"],
  ["receiver serial", "受信機製造番号"],
  ["firmware", "受信機ファームウェア"],
]);

import type { Sentence } from "../core/domain/live.ts";
import type { Measure } from "./thresholds.ts";

const whole = (value: number): string => value.toFixed(0);
const tenth = (value: number): string => value.toFixed(1);
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** One sentence per measure that is over its limit. */
export const MEASURE_WORDS: Readonly<Record<Measure, (value: number) => Sentence>> = {
  arpAgeS: (s) => ({ code: "arp-rare", ja: `位置（1005/1006）が${whole(s)}秒来ていません`, en: `No position (1005/1006) for ${whole(s)} s` }),
  epochIntervalS: (s) => ({ code: "epochs-slow", ja: `観測が${tenth(s)}秒に1回しか来ません`, en: `One epoch only every ${tenth(s)} s` }),
  bytesPerS: (b) => ({ code: "rate-low", ja: `データが毎秒${whole(b)}バイトしかありません`, en: `Only ${whole(b)} bytes per second` }),
  crcShare: (x) => ({ code: "crc-failures", ja: `壊れたフレームが${percent(x)}あります`, en: `${percent(x)} of the frames are damaged` }),
  medianCnrDbHz: (x) => ({ code: "signal-weak", ja: `信号が弱く、C/N0の中央値は${tenth(x)} dB-Hzです`, en: `Weak signals: median C/N0 ${tenth(x)} dB-Hz` }),
  cnrFallDb: (x) => ({
    code: "signal-fell",
    ja: `信号がこの1時間の最良より${tenth(x)} dB弱くなりました`,
    en: `Signals are ${tenth(x)} dB below the best of this hour`,
  }),
  slipsPerSatelliteHour: (x) => ({
    code: "slips",
    ja: `追尾が切れすぎます（衛星1機あたり毎時${whole(x)}回）`,
    en: `Lock is lost too often (${whole(x)} per satellite and hour)`,
  }),
  halfCycleShare: (x) => ({
    code: "half-cycles",
    ja: `搬送波の${percent(x)}が半波長未確定です`,
    en: `Half a cycle is unresolved in ${percent(x)} of the phases`,
  }),
  missedShare: (x) => ({ code: "epochs-missing", ja: `観測の${percent(x)}が抜けています`, en: `${percent(x)} of the epochs are missing` }),
  reconnectsPerHour: (n) => ({ code: "reconnects", ja: `この1時間に${whole(n)}回つなぎ直しました`, en: `Reconnected ${whole(n)} times in the last hour` }),
  duplicatesPerHour: (n) => ({ code: "duplicates", ja: `同じ観測が${whole(n)}回重ねて届きました`, en: `${whole(n)} observations arrived twice` }),
  outOfOrderPerHour: (n) => ({ code: "out-of-order", ja: `観測が${whole(n)}回前後して届きました`, en: `${whole(n)} epochs arrived out of order` }),
  latencyMs: (ms) => ({
    code: "latency",
    ja: `観測から届くまで${tenth(ms / 1000)}秒かかっています`,
    en: `Epochs arrive ${tenth(ms / 1000)} s after they were measured`,
  }),
};

const SYSTEM_JA: ReadonlyMap<string, string> = new Map([
  ["QZSS", "みちびき（QZSS）"],
  ["GALILEO", "Galileo"],
  ["BEIDOU", "BeiDou"],
  ["NAVIC", "NavIC"],
]);
const SYSTEM_EN: ReadonlyMap<string, string> = new Map([
  ["GALILEO", "Galileo"],
  ["BEIDOU", "BeiDou"],
  ["NAVIC", "NavIC"],
]);

/** What health says beside its measures. */
export const HEALTH_WORDS = {
  absent: { code: "base-absent", ja: "基準局が接続していません", en: "The base is not connected" },
  silent: { code: "base-silent", ja: "基準局から観測が来ていません", en: "No observations from the base" },
  systemLost: (system: string): Sentence => ({
    code: "system-lost",
    ja: `${SYSTEM_JA.get(system) ?? system}の衛星がすべて消えました`,
    en: `All ${SYSTEM_EN.get(system) ?? system} satellites are gone`,
  }),
  fewSatellites: (system: string, now: number, usual: number): Sentence => ({
    code: "satellites-fell",
    ja: `${SYSTEM_JA.get(system) ?? system}がいつもの${whole(usual)}機から${whole(now)}機に減りました`,
    en: `${SYSTEM_EN.get(system) ?? system}: ${whole(now)} satellites instead of the usual ${whole(usual)}`,
  }),
  movingBase: {
    code: "moving-base-message",
    ja: "u-bloxの4072が流れています。受信機の設定で止めてください",
    en: "u-blox 4072 in the stream; switch it off in the receiver",
  },
  noGlonassBias: {
    code: "no-1230",
    ja: "GLONASSに1230がなく、他社の受信機では使えないことがあります",
    en: "GLONASS without 1230: receivers of other makes may not use it",
  },
  noQzss: { code: "no-qzss", ja: "みちびき（1117）を出すように受信機を設定できます", en: "The receiver could send QZSS (1117) too" },
  foreignBytes: { code: "foreign-bytes", ja: "RTCM以外のデータが混ざっています（中継はしません）", en: "Other protocols are mixed in; they are not relayed" },
  computed: { code: "computed-station", ja: "この局は計算で作られた基準点だと名乗っています", en: "The stream says that it is a computed station" },
  notNow: { code: "not-now", ja: "観測の時刻が今ではないため、遅れは判定しません", en: "The stream's time is not now, so its delay is not judged" },
  clockUnknown: { code: "clock-unknown", ja: "この機械の時計が合っているか不明なため、遅れは判定しません", en: "Our clock may be off, so delay is not judged" },
  clockOff: { code: "clock-off", ja: "この機械の時計が合っていないため、遅れは判定しません", en: "Our clock is not synchronised, so delay is not judged" },
} as const;

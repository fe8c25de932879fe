import type { Sentence } from "../../core/domain/live.ts";
import type { Navigation } from "./physical-constants.ts";
import type { PositionFault } from "./position-fault.ts";

const metres = (m: number): string => {
  const size = Math.abs(m);
  return size < 10_000 ? `${size.toFixed(0)} m` : `${(size / 1000).toFixed(0)} km`;
};

/** What the single-point check says when it cannot judge. */
export const INSUFFICIENT = {
  noAntenna: {
    code: "spp-no-antenna",
    ja: "基準局が位置（1005/1006）を送っていないため、照合できません",
    en: "The base announces no position (1005/1006) to check",
  },
  noObservations: { code: "spp-no-observations", ja: "擬似距離が届いていないため、照合できません", en: "No pseudoranges to compute a position from" },
  noEphemerides: {
    code: "spp-no-ephemerides",
    ja: "衛星の軌道情報（1019・1020・1042・1044・1046）がどのマウントからも届かないため、照合できません（軌道情報の配信を一つ取り込めば全局に効きます）",
    en: "No mount brings ephemerides (1019, 1020, 1042, 1044, 1046) of the satellites in view; one mount that does serves all bases",
  },
  fewSatellites: { code: "spp-few-satellites", ja: "使える衛星が少ないため、照合できません", en: "Too few usable satellites to compute a position" },
  contradictory: { code: "spp-contradictory", ja: "擬似距離どうしが矛盾するため、照合できません", en: "The pseudoranges contradict each other" },
  unsteady: { code: "spp-unsteady", ja: "単独測位の結果が安定しないため、照合できません", en: "The computed position is not steady enough to judge" },
  averaging: (spanS: number, neededS: number): Sentence => ({
    code: "spp-averaging",
    ja: `単独測位を平均しています（${Math.floor(spanS / 60)}分／${Math.ceil(neededS / 60)}分）`,
    en: `Averaging the computed position (${Math.floor(spanS / 60)} of ${Math.ceil(neededS / 60)} min)`,
  }),
} as const;

/** The finding, with what it cannot tell. Systems that contradict the others are named. */
export function faultSentence(fault: PositionFault, offM: number, leftOut: readonly Navigation[]): Sentence {
  const said = sentenceOf(fault, offM);
  if (leftOut.length === 0) return said;
  const names = leftOut.map((system) => NAMES[system]).join(", ");
  return { code: said.code, ja: `${said.ja}（${names}は他と矛盾するため除外）`, en: `${said.en} (left out, as it contradicts the others: ${names})` };
}

const NAMES: Readonly<Record<Navigation, string>> = { GPS: "GPS", GLONASS: "GLONASS", GALILEO: "Galileo", QZSS: "QZSS", BEIDOU: "BeiDou" };

function sentenceOf(fault: PositionFault, offM: number): Sentence {
  switch (fault.kind) {
    case "none":
      return {
        code: "spp-agrees",
        ja: "送っている位置は単独測位と10 m以内で合います（元期と今期の差など数m以下は見分けられません）",
        en: "The announced position agrees with the computed one within 10 m (it cannot tell 元期 from 今期, nor anything below some metres)",
      };
    case "elevation":
      return {
        code: "spp-elevation-for-height",
        ja: `高さだけが${metres(fault.offM)}低く、楕円体高の欄に標高が入っているようです（ジオイド高を足してください）`,
        en: `Only the height is ${metres(fault.offM)} too low: elevation above sea level (標高) was entered for ellipsoidal height (楕円体高); add the geoid height`,
      };
    case "geoid-twice":
      return {
        code: "spp-geoid-twice",
        ja: `高さだけが${metres(fault.offM)}高く、ジオイド高を二重に足しているようです`,
        en: `Only the height is ${metres(fault.offM)} too high: the geoid height seems to have been added twice`,
      };
    case "height":
      return {
        code: "spp-height",
        ja: `高さだけが${metres(fault.offM)}${fault.offM < 0 ? "低く" : "高く"}なっています`,
        en: `Only the height is off: ${metres(fault.offM)} too ${fault.offM < 0 ? "low" : "high"}`,
      };
    case "tokyo-datum":
      return {
        code: "spp-tokyo-datum",
        ja: `位置が${metres(fault.offM)}ずれ、日本測地系（旧測地系）の座標が入っているようです`,
        en: `Off by ${metres(fault.offM)} as Tokyo Datum (日本測地系) coordinates are`,
      };
    case "other-base":
      return {
        code: "spp-other-base",
        ja: `この基準局は「${fault.name}」の測量位置にあります（局の取り違え。送っている位置とは${metres(offM)}違います）`,
        en: `This base stands where "${fault.name}" was surveyed: stations swapped (${metres(offM)} from the announced position)`,
      };
    case "others-position":
      return {
        code: "spp-others-position",
        ja: `「${fault.name}」の位置を送っていますが、実際は${metres(offM)}離れています`,
        en: `It announces the position of "${fault.name}" but stands ${metres(offM)} away`,
      };
    default:
      return typingSentence(fault);
  }
}

type Typing = Extract<PositionFault, { readonly kind: "axes" | "axis" | "latitude" | "longitude" | "off" }>;

function typingSentence(fault: Typing): Sentence {
  switch (fault.kind) {
    case "axes":
      return {
        code: "spp-axes",
        ja: `X・Y・Zの欄に「${fault.axes}」が入っているようです（順序か符号の誤り）`,
        en: `X, Y, Z seem to hold "${fault.axes}": order or sign of the axes is wrong`,
      };
    case "axis":
      return {
        code: "spp-axis",
        ja: `${fault.axis}だけが${metres(fault.offM)}${fault.offM < 0 ? "小さく" : "大きく"}、打ち間違いのようです`,
        en: `Only ${fault.axis} is off, ${metres(fault.offM)} too ${fault.offM < 0 ? "small" : "large"}: a typing error`,
      };
    case "latitude":
      return {
        code: "spp-latitude",
        ja: `緯度だけが${metres(fault.offM)}${fault.offM < 0 ? "南" : "北"}にずれ、打ち間違いのようです`,
        en: `Only the latitude is off, ${metres(fault.offM)} to the ${fault.offM < 0 ? "south" : "north"}: a typing error`,
      };
    case "longitude":
      return {
        code: "spp-longitude",
        ja: `経度だけが${metres(fault.offM)}${fault.offM < 0 ? "西" : "東"}にずれ、打ち間違いのようです`,
        en: `Only the longitude is off, ${metres(fault.offM)} to the ${fault.offM < 0 ? "west" : "east"}: a typing error`,
      };
    default:
      return {
        code: "spp-off",
        ja: `送っている位置が単独測位と${metres(fault.offM)}違います`,
        en: `The announced position is ${metres(fault.offM)} from the computed one`,
      };
  }
}

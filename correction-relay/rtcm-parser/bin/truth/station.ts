import type { RtcmMessage } from "../../rtcm-parser.ts";

export const STATION_PARTS = ["stations", "antennas", "text1029", "system1013", "glonassBias1230", "physicalStation1032"] as const;
export type StationPart = (typeof STATION_PARTS)[number];

/** A message about the station in the words of the truth files, and the part of the document it belongs to; null for others. */
export function stationTruth(message: RtcmMessage): { readonly part: StationPart; readonly content: object } | null {
  switch (message.kind) {
    case "1005":
    case "1006":
      return { part: "stations", content: referencePoint(message) };
    case "1007":
    case "1008":
    case "1033": {
      const { kind, stationId, reserved: _, remainder: __, ...strings } = message;
      return { part: "antennas", content: { type: Number(kind), station: stationId, ...strings } };
    }
    case "1029":
      return { part: "text1029", content: text(message) };
    case "1013": {
      const { stationId, mjd, secondOfDay, leapSeconds } = message;
      const announcements = message.announcements.map(({ messageType, synchronous, intervalS }) => [messageType, Number(synchronous), intervalS]);
      return { part: "system1013", content: { station: stationId, mjd, secOfDay: secondOfDay, leapSeconds, announcements } };
    }
    case "1230":
      return { part: "glonassBias1230", content: bias(message) };
    case "1032": {
      const { stationId, physicalStationId, itrfYear, xM, yM, zM } = message;
      return { part: "physicalStation1032", content: { station: stationId, physicalStation: physicalStationId, itrfYear, x: xM, y: yM, z: zM } };
    }
    default:
      return null;
  }
}

type Of<Kind extends string> = Extract<RtcmMessage, { kind: Kind }>;

function referencePoint(message: Of<"1005" | "1006">): object {
  return {
    type: Number(message.kind),
    station: message.stationId,
    itrfYear: message.itrfYear,
    gps: Number(message.gps),
    glonass: Number(message.glonass),
    galileo: Number(message.galileo),
    referenceStationIndicator: Number(message.nonPhysical),
    singleOscillator: Number(message.singleOscillator),
    quarterCycle: message.quarterCycle,
    x: message.xM,
    y: message.yM,
    z: message.zM,
    ...(message.kind === "1006" ? { antennaHeight: message.antennaHeightM } : {}),
  };
}

function text({ stationId, mjd, secondOfDay, text, characterCount, brokenUtf8 }: Of<"1029">): object {
  const nChars = characterCount ?? [...text].length;
  return { station: stationId, mjd, secOfDay: secondOfDay, nChars, nBytes: brokenUtf8?.length ?? Buffer.byteLength(text), utf8: text };
}

/** Only the biases that the mask announces; null where the sender does not know one. */
function bias({ stationId, biasIndicator, signalMask, l1CaBiasM, l1PBiasM, l2CaBiasM, l2PBiasM }: Of<"1230">): object {
  const mask = signalMask.toString(2).padStart(4, "0");
  const biases = Object.entries({ l1ca: l1CaBiasM, l1p: l1PBiasM, l2ca: l2CaBiasM, l2p: l2PBiasM });
  return { station: stationId, biasIndicator, mask, ...Object.fromEntries(biases.filter((_, i) => mask[i] === "1")) };
}

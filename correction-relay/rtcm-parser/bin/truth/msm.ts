import { type MsmMessage, satelliteName, signalCode } from "../../rtcm-parser.ts";

const SATELLITE_FIELDS = ["sat", "roughMs", "roughMod1ms"];
const CELL_FIELDS = ["sat", "sigId", "rinex", "pseudorangeM", "phaseRangeM", "cnrDbHz", "lockIndicator", "halfCycle"];
/** MSM5 and 7 have these besides. */
const SATELLITE_RATE_FIELDS = [...SATELLITE_FIELDS, "extInfo", "roughRateMps"];
const CELL_RATE_FIELDS = [...CELL_FIELDS, "rangeRateMps"];
const MS_OF_DAY = 2 ** 27;

/** An MSM in the words of the truth files: times as sent, flags as 0 and 1, satellites and cells as rows. */
export function msmTruth(message: MsmMessage, frame: number): object {
  const { type, constellation, epochMs, dayOfWeek, satellites, signalIds, cells } = message;
  const hasRates = message.msm === 5 || message.msm === 7;
  const names = new Map(satellites.map(({ satelliteId }) => [satelliteId, satelliteName(constellation, satelliteId)]));
  return {
    frame,
    type,
    station: message.stationId,
    epochRaw: dayOfWeek === null ? epochMs : dayOfWeek * MS_OF_DAY + epochMs,
    ...(dayOfWeek === null ? {} : { dayOfWeek }),
    epochMs,
    multipleMessage: Number(message.multipleMessage),
    iods: message.iods,
    clockSteering: message.clockSteering,
    externalClock: message.externalClock,
    smoothingType: Number(message.divergenceFreeSmoothing),
    smoothingInterval: message.smoothingInterval,
    satMask: satellites.map((satellite) => satellite.satelliteId),
    sigMask: signalIds,
    cellMask: cellMaskOf(message),
    satFields: hasRates ? SATELLITE_RATE_FIELDS : SATELLITE_FIELDS,
    sats: satellites.map(({ satelliteId, wholeMs, modMs, extendedInfo, roughRateMps }) => [
      ...[names.get(satelliteId), wholeMs, modMs],
      ...(hasRates ? [extendedInfo, roughRateMps] : []),
    ]),
    cellFields: hasRates ? CELL_RATE_FIELDS : CELL_FIELDS,
    cells: cells.map((cell) => [
      ...[names.get(cell.satelliteId), cell.signalId, signalCode(constellation, cell.signalId)],
      ...[cell.pseudorangeM, cell.phaseRangeM, cell.cnrDbHz, cell.lockIndicator, cell.halfCycle === null ? null : Number(cell.halfCycle)],
      ...(hasRates ? [cell.rangeRateMps] : []),
    ]),
  };
}

/** Row-major: for each satellite its signals, "1" where a cell is sent. */
function cellMaskOf({ satellites, signalIds, cells }: MsmMessage): string {
  const sent = new Set(cells.map((cell) => `${cell.satelliteId}/${cell.signalId}`));
  return satellites.flatMap(({ satelliteId }) => signalIds.map((signalId) => (sent.has(`${satelliteId}/${signalId}`) ? "1" : "0"))).join("");
}

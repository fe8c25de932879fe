import { encodeMessage } from "rtcm-parser";

const MJD_OF_UNIX_EPOCH = 40_587;
const DAY_MS = 86_400_000;
const CHARACTERS_MAX = 127; // DF138
const BYTES_MAX = 255; // DF139

/** A 1029 for the driver's console: RTCM's way of saying something to people. Text over its limits is cut at a character. */
export function notice1029(text: string, of: { readonly stationId: number; readonly nowMs: number }): Uint8Array {
  const { stationId, nowMs } = of;
  return encodeMessage({
    kind: "1029",
    stationId,
    mjd: MJD_OF_UNIX_EPOCH + Math.floor(nowMs / DAY_MS),
    secondOfDay: Math.floor((nowMs % DAY_MS) / 1000),
    text: fitting(text),
  });
}

function fitting(text: string): string {
  let fit = "";
  let bytes = 0;
  for (const character of [...text].slice(0, CHARACTERS_MAX)) {
    bytes += Buffer.byteLength(character);
    if (bytes > BYTES_MAX) break;
    fit += character;
  }
  return fit;
}

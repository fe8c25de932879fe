import { statfsSync } from "node:fs";
import { FREE_BYTES_MIN } from "../../ingest/journal.ts";

/** What `web` knows of the way into the journal. */
export interface UplinkWay {
  readonly reached: boolean; // the broker of `field` answers
  readonly accepting: boolean; // and `field` says that it can write
  readonly dataFolder: string;
}

/** Why uplinks are refused just now, for the person who looks at `/readyz`; null while they are not. */
export function uplinkTrouble({ reached, accepting, dataFolder }: UplinkWay): string | null {
  if (!reached) return "uplinks are refused: field does not answer; its supervisor starts it again";
  if (accepting) return null;
  const freeBytes = freeBytesOf(dataFolder);
  if (freeBytes !== null && freeBytes < FREE_BYTES_MIN)
    return `uplinks are refused: only ${Math.floor(freeBytes / 2 ** 20)} MB free on the disk of the data folder; ${Math.floor(FREE_BYTES_MIN / 2 ** 20)} MB are needed`;
  return "uplinks are refused: field cannot write its journal; its log says why";
}

function freeBytesOf(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null; // the disk is gone altogether: the general sentence holds
  }
}

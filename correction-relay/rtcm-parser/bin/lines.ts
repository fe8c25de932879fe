import { decodeMessage, type MsmMessage, RtcmError, type RtcmMessage, satelliteName, signalCode } from "../rtcm-parser.ts";
import { CaptureFrames, type FoundFrame } from "./capture-frames.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output.ts";
import { decodeBody } from "./transfer-coding.ts";

/** Writes one JSON line for each message, as they come. Holds no more than one chunk of the input and its lines. */
export async function writeLines(input: Input, output: Output, { raw }: { readonly raw: boolean }): Promise<void> {
  const { chunks } = raw ? input : await decodeBody(input.chunks);
  const frames = new CaptureFrames();
  try {
    for await (const chunk of chunks) {
      for (const frame of frames.push(chunk)) if (output.add(lineOf(frame))) await output.flush();
      await output.flush();
    }
    for (const frame of frames.end()) output.add(lineOf(frame));
  } finally {
    await output.flush(); // also what was found before the input broke off
  }
}

/** Exported for tests. */
export function lineOf(frame: FoundFrame): string {
  const { index, offset, type, bytes } = frame;
  return `${JSON.stringify({ frame: index, offset, length: bytes.length, type, ...contentOf(bytes) })}\n`;
}

function contentOf(bytes: Uint8Array): object {
  try {
    return plain(decodeMessage(bytes));
  } catch (error) {
    if (!(error instanceof RtcmError)) throw error;
    const { code, message, context } = error;
    return { error: { code, message, ...context }, payload: hex(bytes.subarray(3, -3)) };
  }
}

/** As JSON can say it: bytes in hex, satellites and signals of an MSM by name too. */
function plain(message: RtcmMessage): object {
  if (message.kind === "msm") return plainMsm(message);
  const bytes = Object.entries(message).filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array);
  return bytes.length === 0 ? message : { ...message, ...Object.fromEntries(bytes.map(([name, value]) => [name, hex(value)])) };
}

function plainMsm(message: MsmMessage): object {
  const { kind, type: _, remainder, satellites, cells, ...head } = message;
  const { constellation } = message;
  return {
    kind,
    ...head,
    satellites: satellites.map((satellite) => ({ satellite: satelliteName(constellation, satellite.satelliteId), ...satellite })),
    cells: cells.map((cell) => ({
      satellite: satelliteName(constellation, cell.satelliteId),
      signal: signalCode(constellation, cell.signalId),
      ...cell,
    })),
    ...(remainder.length === 0 ? {} : { remainder: hex(remainder) }),
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

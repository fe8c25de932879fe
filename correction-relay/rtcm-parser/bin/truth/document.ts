import { createHash } from "node:crypto";
import { basename } from "node:path";
import { decodeMessage, RtcmError, type RtcmMessage } from "../../rtcm-parser.ts";
import { CaptureFrames, type FoundFrame } from "../capture-frames.ts";
import type { Input } from "../input.ts";
import type { Output } from "../output.ts";
import { decodeBody, type TransferCoding } from "../transfer-coding.ts";
import { ephemerisTruth, isEphemeris } from "./ephemerides.ts";
import { FrameIndex } from "./frame-index.ts";
import { FileFrames, type FrameStore, KeptFrames } from "./frame-store.ts";
import { isLegacy, legacyTruth } from "./legacy.ts";
import { msmTruth } from "./msm.ts";
import { STATION_PARTS, type StationPart, stationTruth } from "./station.ts";

const METHOD = "byte-wise search: 0xD3, six zero bits, 10-bit length, CRC-24Q; on any failure advance one byte";

/** The parts that list every message, by type. */
const SECTIONS = ["msm", "legacy", "ephemerides"] as const;
type Section = (typeof SECTIONS)[number];

/** What one reading of the input gives. The messages of the sections are decoded in a second one, type by type. */
interface Survey {
  readonly frames: CaptureFrames;
  readonly index: FrameIndex;
  readonly stations: Readonly<Record<StationPart, Map<string, number>>>; // content as JSON, its first frame
  readonly types: Readonly<Record<Section, Set<number>>>;
  readonly errors: (readonly [frame: number, type: number, error: string])[];
}

/**
 * Writes one JSON document with everything that can be compared with another decoder's. Parts that would be empty are absent.
 * Of a regular file only 12 bytes for each frame are held, of other inputs also the observations' frames.
 */
export async function writeTruth(input: Input, output: Output, { raw }: { readonly raw: boolean }): Promise<void> {
  const file = createHash("sha256");
  let fileBytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of input.chunks) {
      fileBytes += chunk.length;
      file.update(chunk);
      yield chunk;
    }
  }
  const { coding, chunks } = raw ? { coding: null, chunks: counted() } : await decodeBody(counted());
  const store = coding === null && input.readAt !== undefined ? new FileFrames(input.readAt) : new KeptFrames();
  const decoded = createHash("sha256");
  const { survey, broken } = await surveyed(chunks, store, coding === null ? null : decoded);
  const transfer = coding === null ? {} : { transferDecoding: transferOf(coding, decoded.digest("hex"), broken) };
  const about = { file: input.name === "-" ? "-" : basename(input.name), ...transfer, bytes: fileBytes, sha256: file.digest("hex") };
  await writeParts(output, about, survey, store);
  if (broken !== null) throw broken;
}

async function surveyed(
  chunks: AsyncIterable<Uint8Array>,
  store: FrameStore,
  hash: { update(data: Uint8Array): unknown } | null,
): Promise<{ readonly survey: Survey; readonly broken: Error | null }> {
  const survey: Survey = {
    frames: new CaptureFrames(),
    index: new FrameIndex(),
    stations: {
      stations: new Map(),
      antennas: new Map(),
      text1029: new Map(),
      system1013: new Map(),
      glonassBias1230: new Map(),
      physicalStation1032: new Map(),
    },
    types: { msm: new Set(), legacy: new Set(), ephemerides: new Set() },
    errors: [],
  };
  let broken: Error | null = null;
  try {
    for await (const chunk of chunks) {
      hash?.update(chunk);
      for (const frame of survey.frames.push(chunk)) note(survey, store, frame);
    }
  } catch (error) {
    if (!(error instanceof Error) || survey.frames.bytes === 0) throw error;
    broken = error; // the document of what was read comes first
  }
  for (const frame of survey.frames.end()) note(survey, store, frame);
  return { survey, broken };
}

function note({ index, stations, types, errors }: Survey, store: FrameStore, frame: FoundFrame): void {
  const type = frame.type ?? -1;
  index.add(frame.offset, frame.bytes.length, type);
  if (type === -1) return;
  try {
    const message = decodeMessage(frame.bytes);
    const section = sectionOf(message);
    if (section !== null) {
      types[section].add(type);
      store.put(frame.bytes, frame.index);
      return;
    }
    const about = stationTruth(message);
    if (about === null) return;
    const content = JSON.stringify(about.content);
    if (!stations[about.part].has(content)) stations[about.part].set(content, frame.index);
  } catch (error) {
    if (!(error instanceof RtcmError)) throw error;
    errors.push([frame.index, type, `${error.code}: ${error.message}`]);
  }
}

function sectionOf(message: RtcmMessage): Section | null {
  if (message.kind === "msm") return "msm";
  if (isLegacy(message)) return "legacy";
  return isEphemeris(message) ? "ephemerides" : null;
}

function transferOf({ chunked, gzip, chunks, dechunkedBytes, gunzippedBytes }: TransferCoding, decodedSha256: string, broken: Error | null): object {
  return {
    ...(chunked ? { chunks, dechunkedBytes } : {}),
    ...(gzip ? { gunzippedBytes } : {}),
    decodedSha256,
    ...(broken === null ? {} : { error: broken.message }),
  };
}

async function writeParts(output: Output, about: object, { frames, index, stations, types, errors }: Survey, store: FrameStore): Promise<void> {
  const { bytes, bytesInFrames, crcFailures } = frames;
  const framing = {
    method: METHOD,
    frames: frames.frames,
    bytesInFrames,
    bytesOutsideFrames: bytes - bytesInFrames,
    crcFailuresAtCandidatePreambles: crcFailures,
  };
  const head = { ...about, framing, messageCounts: countsOf(index), frameFields: ["offset", "length", "type"] };
  output.add(
    `{${Object.entries(head)
      .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      .join(",\n")},\n"frameList":[`,
  );
  for (let i = 0; i < index.count; i += 1) {
    if (output.add(`${i === 0 ? "" : ","}[${index.offsetAt(i)},${index.lengthAt(i)},${index.typeAt(i)}]`)) await output.flush();
  }
  output.add("]");
  if (errors.length > 0) output.add(`,\n"decodeErrors":${JSON.stringify(errors)}`);
  for (const part of STATION_PARTS) {
    const contents = [...stations[part]].map(([content, frame]) => `${content.slice(0, -1)},"frame":${frame}}`);
    if (contents.length > 0) output.add(`,\n"${part}":[${contents.join(",\n")}]`);
  }
  const failed = new Set(errors.map(([frame]) => frame));
  for (const section of SECTIONS) {
    const sorted = [...types[section]].sort((a, b) => a - b);
    for (const [i, type] of sorted.entries()) {
      output.add(i === 0 ? `,\n"${section}":{\n"${type}":[` : `,\n"${type}":[`);
      await writeMessages(output, type, index, failed, store);
      output.add("]");
    }
    if (sorted.length > 0) output.add("}");
  }
  output.add("}\n");
  await output.flush();
}

/** Frames of each type; "empty" are those without one. */
function countsOf(index: FrameIndex): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < index.count; i += 1) {
    const type = index.typeAt(i) === -1 ? "empty" : index.typeAt(i);
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}

/** Every message of a type that could be decoded, in order, repeats too. */
async function writeMessages(output: Output, type: number, index: FrameIndex, failed: ReadonlySet<number>, store: FrameStore): Promise<void> {
  let separator = "";
  for (let i = 0; i < index.count; i += 1) {
    if (index.typeAt(i) !== type || failed.has(i)) continue;
    const truth = messageTruth(decodeMessage(store.get(i, index.offsetAt(i), index.lengthAt(i))), i);
    if (output.add(`${separator}${JSON.stringify(truth)}`)) await output.flush();
    separator = ",\n";
  }
}

function messageTruth(message: RtcmMessage, frame: number): object {
  if (message.kind === "msm") return msmTruth(message, frame);
  if (isLegacy(message)) return legacyTruth(message, frame);
  if (isEphemeris(message)) return ephemerisTruth(message, frame);
  throw new Error(`message ${message.kind} is of no section`);
}

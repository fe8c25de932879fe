import { RtcmError } from "../errors.ts";
import { bytes, unsigned } from "../fields.ts";
import { type MessageLayout, message, type Untidy } from "../layout.ts";

/** Message 1029 as it lies in the bits. */
const wire = message(1029, [
  ["stationId", unsigned(12)],
  ["mjd", unsigned(16)], // DF051: modified Julian day
  ["secondOfDay", unsigned(17)], // DF052: UTC
  ["characters", unsigned(7)], // DF138
  ["utf8", bytes], // DF139, DF140
]);

export interface TextMessage extends Untidy {
  readonly kind: "1029";
  readonly stationId: number;
  readonly mjd: number;
  readonly secondOfDay: number;
  /** At most 127 characters and 255 bytes. Broken UTF-8 is decoded to U+FFFD. */
  readonly text: string;
  /** DF138 where it is not the number of code points: senders disagree on what a character is. Else absent. */
  readonly characterCount?: number;
  /** What was received, where it is not the UTF-8 of `text`. Else absent. */
  readonly brokenUtf8?: Uint8Array;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** RTCM 10403.3, message 1029: text in UTF-8. */
export const msg1029: MessageLayout<TextMessage> = {
  type: 1029,
  decode(payload) {
    const { characters, utf8, kind, stationId, mjd, secondOfDay, ...untidy } = wire.decode(payload);
    const text = decoder.decode(utf8);
    return {
      kind,
      stationId,
      mjd,
      secondOfDay,
      text,
      ...(characters === codePoints(text) ? {} : { characterCount: characters }),
      ...(same(encoder.encode(text), utf8) ? {} : { brokenUtf8: utf8 }),
      ...untidy,
    };
  },
  encode({ text, characterCount, brokenUtf8, ...rest }) {
    const utf8 = brokenUtf8 !== undefined && decoder.decode(brokenUtf8) === text ? brokenUtf8 : encoder.encode(text);
    const characters = characterCount ?? codePoints(text);
    if (utf8.length > 255 || characters > 127) {
      throw new RtcmError("OUT_OF_RANGE", `text: ${characters} characters, ${utf8.length} bytes`, { type: 1029, field: "text" });
    }
    return wire.encode({ ...rest, characters, utf8 });
  },
};

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

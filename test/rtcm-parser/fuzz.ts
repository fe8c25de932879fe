import { decodeMessage, decodeMsmHeader, encodeMessage, epochOf, FrameSplitter, frameOf, RtcmError, stationId, withStationId } from "rtcm-parser";

/** Numbers that look random and are the same for the same seed (Marsaglia's xorshift, 32 bits). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export interface FramingFigures {
  readonly bytes: number;
  readonly frames: number;
  readonly sent: number;
  readonly maxHeldBytes: number;
  readonly checkedBytes: number;
}

/**
 * Random bytes, rich in false preambles, with good frames among them, in random pieces. Every good frame must be found.
 * @throws whatever the splitter throws
 */
export function fuzzFraming({ seed, bytes }: { readonly seed: number; readonly bytes: number }): FramingFigures {
  const random = randomFrom(seed);
  const splitter = new FrameSplitter();
  let [frames, sent, maxHeldBytes, done] = [0, 0, 0, 0];
  for (let segment = 0; done < bytes; segment += 1) {
    const stretch = randomStretch(random);
    sent += stretch.frames;
    done += stretch.bytes.length;
    for (let at = 0; at < stretch.bytes.length; ) {
      const piece = stretch.bytes.subarray(at, at + 1 + random(segment % 2 === 0 ? 40 : 6000));
      at += piece.length;
      for (const frame of splitter.push(piece)) {
        frames += 1;
        withoutCrash(() => decodeMessage(frame));
      }
      maxHeldBytes = Math.max(maxHeldBytes, splitter.heldBytes);
    }
  }
  for (const _ of splitter.end()) frames += 1;
  return { bytes: done, frames, sent, maxHeldBytes, checkedBytes: splitter.checkedBytes };
}

/** Random bytes, every other stretch with a false preamble in 20 and short claims behind them, and good frames here and there. */
function randomStretch(random: (below: number) => number): { readonly bytes: Uint8Array; readonly frames: number } {
  const bytes = new Uint8Array(2000 + random(60_000));
  const isRich = random(2) === 0;
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = isRich && random(20) === 0 ? 0xd3 : random(isRich && random(3) === 0 ? 4 : 256);
  let frames = 0;
  for (let at = random(3000); at + 1029 < bytes.length; at += random(3000)) {
    const frame = frameOf(new Uint8Array(random(random(5) === 0 ? 1024 : 60)).map(() => random(256)));
    bytes.set(frame, at);
    at += frame.length;
    frames += 1;
  }
  return { bytes, frames };
}

export interface DecodingFigures {
  readonly messages: number;
  readonly decoded: number;
  /** Of which encoding gives the same bytes again: all. */
  readonly cameBack: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly kinds: number;
}

/**
 * Payloads changed at random, under a good CRC. They decode or are refused with an RtcmError, and what decodes must
 * encode to the same bytes.
 * @param corpus payloads to change; where there are none, and in every second round, one of random bits is made for a known type
 * @throws whatever the library throws that is no RtcmError
 */
export function fuzzDecoding({
  seed,
  count,
  corpus,
  types,
}: {
  readonly seed: number;
  readonly count: number;
  readonly corpus: readonly Uint8Array[];
  readonly types: readonly number[];
}): DecodingFigures {
  const random = randomFrom(seed);
  const refused: Record<string, number> = {};
  const kinds = new Set<string>();
  let [decoded, cameBack] = [0, 0];
  for (let i = 0; i < count; i += 1) {
    const original =
      corpus.length > 0 && i % 2 === 0 ? (corpus[random(corpus.length)] as Uint8Array) : randomPayload(types[random(types.length)] as number, random);
    const frame = frameOf(mutated(original, corpus, random));
    const message = withoutCrash(() => decodeMessage(frame));
    withoutCrash(() => decodeMsmHeader(frame));
    withoutCrash(() => withStationId(frame, random(4096)));
    epochOf(frame);
    stationId(frame);
    if (typeof message === "string") refused[message] = (refused[message] ?? 0) + 1;
    else {
      decoded += 1;
      kinds.add(message.kind);
      if (Buffer.compare(encodeMessage(message), frame) === 0) cameBack += 1;
    }
  }
  return { messages: count, decoded, cameBack, refused, kinds: kinds.size };
}

/** The result, or the code of the RtcmError. */
function withoutCrash<T extends object>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof RtcmError) return error.code;
    throw error;
  }
}

/** Random bits behind a known type; every other one with few mask bits, so that an MSM has no more than 64 cells. */
function randomPayload(type: number, random: (below: number) => number): Uint8Array {
  const payload = new Uint8Array(2 + random(random(4) === 0 ? 1022 : 220)).map(() => random(256));
  if (random(2) === 0) for (let i = 9; i < 22 && i < payload.length; i += 1) payload[i] = random(4) === 0 ? 1 << random(8) : 0;
  return withType(payload, type);
}

function withType(payload: Uint8Array, type: number): Uint8Array {
  payload[0] = type >> 4;
  payload[1] = ((type & 15) << 4) | ((payload[1] as number) & 15);
  return payload;
}

type Mutation = (payload: Uint8Array, random: (below: number) => number, other: Uint8Array) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (payload) => payload,
  (payload, random) => edited(payload, 1 + random(8), random, (byte) => byte ^ (1 << random(8))),
  (payload, random) => edited(payload, 1 + random(8), random, () => random(256)),
  (payload, random) => edited(payload, 1 + random(20), random, () => (random(2) === 0 ? 0 : 255)),
  (payload, random) => payload.slice(0, random(payload.length + 1)),
  (payload, random) =>
    joined(
      payload,
      new Uint8Array(random(40)).map(() => random(256)),
    ),
  (payload, random, other) => joined(payload.slice(0, random(payload.length + 1)), other.subarray(random(other.length + 1))),
  (payload, random) => (payload.length < 2 ? payload : withType(payload, 1001 + random(340))),
];

function mutated(original: Uint8Array, corpus: readonly Uint8Array[], random: (below: number) => number): Uint8Array {
  const other = corpus.length === 0 ? original : (corpus[random(corpus.length)] as Uint8Array);
  let payload = new Uint8Array(original);
  for (let rounds = random(3); rounds >= 0; rounds -= 1) payload = new Uint8Array((MUTATIONS[random(MUTATIONS.length)] as Mutation)(payload, random, other));
  return payload.subarray(0, 1023);
}

function edited(payload: Uint8Array, times: number, random: (below: number) => number, change: (byte: number) => number): Uint8Array {
  if (payload.length === 0) return payload;
  // Mostly in the head, where counts and masks are.
  const at = (): number => random(random(2) === 0 ? Math.min(24, payload.length) : payload.length);
  for (let i = 0; i < times; i += 1) {
    const place = at();
    payload[place] = change(payload[place] as number);
  }
  return payload;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

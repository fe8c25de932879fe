import type { CodecVector } from "../../core/domain/codec.ts";

/** A frame that a codec has to stand before it is let near the field. */
export interface GateFrame {
  readonly what: string;
  readonly fPort: number;
  readonly bytes: Uint8Array;
  readonly vector: CodecVector | null; // whose expectation it must meet
}

const RANDOM_FRAMES = 1000;
const RANDOM_BYTES_MAX = 51; // the longest payload at the slowest data rate
const PORT_MAX = 223; // LoRaWAN: ports of applications are 1 to 223

/** Vectors, empty frames, each beginning of each vector, and random frames, no frame twice. The same for the same script, so that a verdict can be had again. */
export function gateFrames(vectors: readonly CodecVector[], seedHex: string): readonly GateFrame[] {
  const frames: GateFrame[] = [];
  const seen = new Set<string>();
  const add = (frame: GateFrame): void => {
    const key = `${frame.fPort}/${Buffer.from(frame.bytes).toString("hex")}`;
    if (frame.vector === null && seen.has(key)) return;
    seen.add(key);
    frames.push(frame);
  };
  for (const vector of vectors) add({ what: `vector "${vector.name}"`, fPort: vector.fPort, bytes: Buffer.from(vector.bytesHex, "hex"), vector });
  const ports = [...new Set(vectors.map((vector) => vector.fPort))];
  if (ports.length === 0) ports.push(1);
  for (const fPort of ports) add({ what: "the empty frame", fPort, bytes: new Uint8Array(0), vector: null });
  for (const { name, fPort, bytesHex } of vectors) {
    const bytes = Buffer.from(bytesHex, "hex");
    for (let n = 1; n < bytes.length; n += 1) add({ what: `the first ${n} bytes of "${name}"`, fPort, bytes: bytes.subarray(0, n), vector: null });
  }
  const chance = xorshift32(Number.parseInt(seedHex.slice(0, 8), 16));
  for (let i = 0; i < RANDOM_FRAMES; i += 1) {
    const usual = ports[chance() % ports.length] ?? 1;
    const fPort = i % 2 === 0 ? usual : 1 + (chance() % PORT_MAX);
    const bytes = Uint8Array.from({ length: chance() % (RANDOM_BYTES_MAX + 1) }, () => chance() & 0xff);
    frames.push({ what: `random frame ${i + 1}`, fPort, bytes, vector: null });
  }
  return frames;
}

function xorshift32(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

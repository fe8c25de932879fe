import { Transform, type TransformCallback } from "node:stream";

const PUBLISH = 3;
const LENGTH_BYTES_MAX = 4; // MQTT 3.1.1 §2.2.3

/**
 * MQTT packets pass as they came, in any chunks; of a PUBLISH longer than `bodyBytesMax` only its beginning does, under a header that says so.
 * The library joins a packet whatever its length, up to 256 MB; here none costs more than the bound, and the stream goes on behind it.
 */
export class PacketTrimmer extends Transform {
  readonly #bodyBytesMax: number;
  #header: number[] = []; // of the packet that begins, as far as it has come
  #pass = 0; // bytes of the present packet still to be let through
  #drop = 0; // and then thrown away

  /** `bodyBytesMax` must leave room for a topic and a message id, 65,539 bytes. */
  constructor(bodyBytesMax: number) {
    super();
    this.#bodyBytesMax = bodyBytesMax;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let from = 0; // what of the chunk is not pushed yet
    let at = 0;
    while (at < chunk.length) {
      if (this.#pass > 0) {
        const step = Math.min(this.#pass, chunk.length - at);
        this.#pass -= step;
        at += step;
      } else if (this.#drop > 0) {
        if (at > from) this.push(chunk.subarray(from, at));
        const step = Math.min(this.#drop, chunk.length - at);
        this.#drop -= step;
        at += step;
        from = at;
      } else {
        if (at > from) this.push(chunk.subarray(from, at));
        this.#header.push(chunk[at] as number);
        at += 1;
        from = at;
        if (this.#header.length > 1 && !this.#open()) {
          done(new Error("no MQTT: a packet longer than any"));
          return;
        }
      }
    }
    if (at > from) this.push(chunk.subarray(from, at));
    done();
  }

  /** Reads the length once it is whole. False: no peer sends such a packet. */
  #open(): boolean {
    const header = this.#header;
    if (((header.at(-1) ?? 0) & 0x80) !== 0) return header.length <= LENGTH_BYTES_MAX;
    const length = header.slice(1).reduce((sum, byte, i) => sum + (byte & 0x7f) * 128 ** i, 0);
    const [first = 0] = header;
    this.#pass = Math.min(length, this.#bodyBytesMax);
    this.#drop = length - this.#pass;
    this.push(Buffer.from(this.#drop === 0 ? header : [first, ...lengthBytes(this.#pass)]));
    this.#header = [];
    return this.#drop === 0 || first >> 4 === PUBLISH;
  }
}

function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

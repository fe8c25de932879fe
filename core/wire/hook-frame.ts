/**
 * What `web` and `field` say to each other over their local socket. Each frame: 4 bytes length of the rest (big-endian), 1 byte kind, then
 *   hello   (web → field)  the credential of this start, as text
 *   submit  (web → field)  4 bytes id, 2 bytes length of source, 2 bytes length of topic, source, topic, and the rest is the body as it came
 *   answer  (field → web)  4 bytes id, 1 byte verdict
 */
export type HookFrame =
  | { readonly kind: "hello"; readonly credential: string }
  | { readonly kind: "submit"; readonly id: number; readonly source: string; readonly topic: string; readonly payload: Uint8Array }
  | { readonly kind: "answer"; readonly id: number; readonly verdict: HookVerdict };

/** `journaled`: synced to disk. The others: not kept, send it again. */
export type HookVerdict = "journaled" | "refused" | "busy";

/** Body of a hook, as HTTP lets it in. */
export const HOOK_BODY_BYTES_MAX = 64 * 1024;
const NAME_BYTES_MAX = 512;
export const HOOK_FRAME_BYTES_MAX = 1 + 8 + 2 * NAME_BYTES_MAX + HOOK_BODY_BYTES_MAX;
const LENGTH_BYTES = 4;
const KINDS = { hello: 0, submit: 1, answer: 2 } as const;
const VERDICTS: readonly HookVerdict[] = ["journaled", "refused", "busy"];

export function encodeHookFrame(frame: HookFrame): Buffer {
  switch (frame.kind) {
    case "hello":
      return framed(KINDS.hello, Buffer.from(frame.credential, "utf8"));
    case "submit": {
      const source = Buffer.from(frame.source, "utf8");
      const topic = Buffer.from(frame.topic, "utf8");
      if (source.length > NAME_BYTES_MAX || topic.length > NAME_BYTES_MAX || frame.payload.byteLength > HOOK_BODY_BYTES_MAX)
        throw new RangeError("hook is longer than a frame may be");
      const head = Buffer.alloc(8);
      head.writeUInt32BE(frame.id, 0);
      head.writeUInt16BE(source.length, 4);
      head.writeUInt16BE(topic.length, 6);
      return framed(KINDS.submit, head, source, topic, frame.payload);
    }
    case "answer": {
      const body = Buffer.alloc(5);
      body.writeUInt32BE(frame.id, 0);
      body[4] = VERDICTS.indexOf(frame.verdict);
      return framed(KINDS.answer, body);
    }
  }
}

function framed(kind: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES + 1);
  head.writeUInt32BE(1 + parts.reduce((sum, part) => sum + part.byteLength, 0), 0);
  head[LENGTH_BYTES] = kind;
  return Buffer.concat([head, ...parts]);
}

/** Chunks in, frames out; owns only what is not whole yet. Throws RangeError on what no peer of ours sends: the connection is to be cut. */
export class HookFrameReader {
  #chunks: Uint8Array[] = [];
  #waiting = 0; // bytes in #chunks

  /** Frames view the joined chunk: who keeps a payload for longer than its own turn keeps that alive. */
  *push(chunk: Uint8Array): Generator<HookFrame, void, undefined> {
    this.#chunks.push(chunk);
    this.#waiting += chunk.byteLength;
    if (this.#waiting < this.#needed()) return;
    const data = this.#chunks.length === 1 ? view(chunk) : Buffer.concat(this.#chunks);
    let at = 0;
    try {
      while (data.length - at >= LENGTH_BYTES) {
        const end = at + LENGTH_BYTES + lengthAt(data, at);
        if (end > data.length) break;
        const frame = data.subarray(at + LENGTH_BYTES, end);
        at = end;
        yield decode(frame);
      }
    } finally {
      const rest = data.subarray(at);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#waiting = rest.length;
    }
  }

  /** Bytes before anything can be read: joining a frame that comes in many chunks at each of them would cost its length squared. */
  #needed(): number {
    const first = this.#chunks[0] as Uint8Array;
    if (first.byteLength >= LENGTH_BYTES) return LENGTH_BYTES + lengthAt(view(first), 0);
    return LENGTH_BYTES;
  }
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function lengthAt(data: Buffer, at: number): number {
  const length = data.readUInt32BE(at);
  if (length < 1 || length > HOOK_FRAME_BYTES_MAX) throw new RangeError(`no hook frame: ${length} bytes`);
  return length;
}

function decode(frame: Buffer): HookFrame {
  const body = frame.subarray(1);
  switch (frame[0]) {
    case KINDS.hello:
      return { kind: "hello", credential: body.toString("utf8") };
    case KINDS.submit: {
      const sourceAt = 8;
      const topicAt = sourceAt + body.readUInt16BE(4);
      const payloadAt = topicAt + body.readUInt16BE(6);
      if (payloadAt > body.length) throw new RangeError("no hook frame: its parts are longer than itself");
      const source = body.toString("utf8", sourceAt, topicAt);
      return { kind: "submit", id: body.readUInt32BE(0), source, topic: body.toString("utf8", topicAt, payloadAt), payload: body.subarray(payloadAt) };
    }
    case KINDS.answer: {
      const verdict = VERDICTS[body.readUInt8(4)];
      if (verdict === undefined) throw new RangeError("no hook frame: unknown verdict");
      return { kind: "answer", id: body.readUInt32BE(0), verdict };
    }
    default:
      throw new RangeError(`no hook frame: kind ${frame[0]}`);
  }
}

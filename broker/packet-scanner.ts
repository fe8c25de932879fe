/**
 * Finds the packets of an MQTT 3.1.1 byte stream without parsing them (fixed header, [MQTT-2.2]), so that size, order and pace
 * are enforced before anything is buffered for them: aedes and mqtt-packet have no limit of their own.
 */
export interface ScanLimits {
  readonly connectBytesMax: number; // whole first packet
  readonly packetBytesMax: number; // whole later packets
}
export type ScanFault = "oversize" | "not-connect" | "bad-length" | "malformed";

/**
 * What becomes of a chunk: `pieces` pass on, in order; from `consumedBytes` on it must be given again, in front of what follows.
 * `waiting`: the next packet has to wait.
 */
export type ScanResult =
  | { readonly kind: "pass"; readonly pieces: readonly Buffer[]; readonly consumedBytes: number; readonly waiting: boolean }
  | { readonly kind: "fault"; readonly fault: ScanFault };

/** Asked before each packet, with its first byte and whole size in bytes; false = not now. */
export type Admit = (head: number, packetBytes: number) => boolean;

/** Shown each whole PUBLISH of QoS 0 or 1: its first byte, and where in `packet` its variable header and payload lie. */
export type TakePublish = (packet: Buffer, head: number, at: number, end: number) => "taken" | "pass" | "malformed";

const CONNECT = 1;
const PUBLISH = 3;
const QOS = 0b0110;
const QOS_1 = 0b0010;
const LENGTH_BYTES_MAX = 4; // remaining length has at most four bytes [MQTT-2.2.3]

interface PartialPublish {
  readonly packet: Buffer; // as long as the whole of it
  readonly headerBytes: number;
}

export class PacketScanner {
  readonly #limits: ScanLimits;
  #bodyLeft = 0; // bytes of the current packet still to come
  #begun = 0;
  #partial: PartialPublish | null = null; // a PUBLISH that is put together before it is shown

  constructor(limits: ScanLimits) {
    this.#limits = limits;
  }

  /** How many packets have begun, and whether the last of them is whole. */
  get progress(): { readonly begun: number; readonly whole: boolean } {
    return { begun: this.#begun, whole: this.#bodyLeft === 0 };
  }

  /** Looks at the next bytes of the stream. Without `take` every packet passes on, also in parts. */
  scan(chunk: Buffer, admit: Admit, take: TakePublish | null = null): ScanResult {
    const pieces: Buffer[] = [];
    let at = 0;
    let passFrom = 0;
    const pass = (to: number): void => {
      if (to > passFrom) pieces.push(passFrom === 0 && to === chunk.length ? chunk : chunk.subarray(passFrom, to));
    };
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - at);
        at += taken;
        if (this.#partial !== null) {
          passFrom = at;
          if (!this.#putTogether(chunk, at, taken, take, pieces)) return { kind: "fault", fault: "malformed" };
        } else this.#bodyLeft -= taken;
        continue;
      }
      const header = fixedHeaderAt(chunk, at);
      if (header === "need-more") break;
      if (header === "bad-length") return { kind: "fault", fault: "bad-length" };
      const { head, headerBytes, bodyBytes } = header;
      const isFirst = this.#begun === 0;
      const packetBytes = headerBytes + bodyBytes;
      if (isFirst && head >> 4 !== CONNECT) return { kind: "fault", fault: "not-connect" }; // [MQTT-3.1.0-1]
      if (packetBytes > (isFirst ? this.#limits.connectBytesMax : this.#limits.packetBytesMax)) return { kind: "fault", fault: "oversize" };
      if (head >> 4 === PUBLISH && (head & QOS) === QOS) return { kind: "fault", fault: "malformed" }; // [MQTT-3.3.1-4]
      if (!admit(head, packetBytes)) {
        pass(at);
        return { kind: "pass", pieces, consumedBytes: at, waiting: true };
      }
      this.#begun += 1;
      const next = at + packetBytes;
      if (take === null || head >> 4 !== PUBLISH || (head & QOS) > QOS_1) {
        this.#bodyLeft = bodyBytes;
        at += headerBytes;
      } else if (next <= chunk.length) {
        const fate = take(chunk, head, at + headerBytes, next);
        if (fate === "malformed") return { kind: "fault", fault: "malformed" };
        if (fate === "taken") {
          pass(at);
          passFrom = next;
        }
        at = next;
      } else {
        pass(at);
        this.#partial = { packet: Buffer.allocUnsafe(packetBytes), headerBytes };
        this.#bodyLeft = next - chunk.length;
        chunk.copy(this.#partial.packet, 0, at);
        at = chunk.length;
        passFrom = at;
      }
    }
    pass(at);
    return { kind: "pass", pieces, consumedBytes: at, waiting: false };
  }

  /** Adds the `bytes` before `to`. False: it is whole now, and malformed. */
  #putTogether(chunk: Buffer, to: number, bytes: number, take: TakePublish | null, pieces: Buffer[]): boolean {
    const { packet, headerBytes } = this.#partial as PartialPublish;
    chunk.copy(packet, packet.length - this.#bodyLeft, to - bytes, to);
    this.#bodyLeft -= bytes;
    if (this.#bodyLeft > 0) return true;
    this.#partial = null;
    const fate = take === null ? "pass" : take(packet, packet[0] as number, headerBytes, packet.length);
    if (fate === "pass") pieces.push(packet);
    return fate !== "malformed";
  }
}

function fixedHeaderAt(chunk: Uint8Array, at: number): { head: number; headerBytes: number; bodyBytes: number } | "need-more" | "bad-length" {
  let bodyBytes = 0;
  for (let i = 0; i < LENGTH_BYTES_MAX; i += 1) {
    const byte = chunk[at + 1 + i];
    if (byte === undefined) return "need-more";
    bodyBytes += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { head: chunk[at] as number, headerBytes: 2 + i, bodyBytes };
  }
  return "bad-length";
}

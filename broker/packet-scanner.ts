/**
 * Finds the packets of an MQTT 3.1.1 byte stream without parsing them (fixed header, [MQTT-2.2]), so that size, order and pace
 * are enforced before anything is buffered for them: aedes and mqtt-packet have no limit of their own.
 */
export interface ScanLimits {
  readonly connectBytesMax: number; // whole first packet
  readonly packetBytesMax: number; // whole later packets
}
export type ScanFault = "oversize" | "not-connect" | "bad-length";

/** How far a chunk may pass on: `passBytes` from its start. `waiting`: the next packet has to wait. */
export type ScanResult =
  | { readonly kind: "pass"; readonly passBytes: number; readonly waiting: boolean }
  | { readonly kind: "fault"; readonly fault: ScanFault };

/** Asked before each packet, with its type (1..15) and whole size in bytes; false = not now. */
export type Admit = (packetType: number, packetBytes: number) => boolean;

const CONNECT = 1;
const LENGTH_BYTES_MAX = 4; // remaining length has at most four bytes [MQTT-2.2.3]

export class PacketScanner {
  readonly #limits: ScanLimits;
  #bodyLeft = 0; // bytes of the current packet still to come
  #begun = 0;

  constructor(limits: ScanLimits) {
    this.#limits = limits;
  }

  /** How many packets have begun, and whether the last of them is whole. */
  get progress(): { readonly begun: number; readonly whole: boolean } {
    return { begun: this.#begun, whole: this.#bodyLeft === 0 };
  }

  /**
   * Looks at the next bytes of the stream. What is not passed (a packet that has to wait, an incomplete fixed header) must be
   * given again, in front of what follows.
   */
  scan(chunk: Uint8Array, admit: Admit): ScanResult {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= taken;
        at += taken;
        continue;
      }
      const header = fixedHeaderAt(chunk, at);
      if (header === "need-more") return { kind: "pass", passBytes: at, waiting: false };
      if (header === "bad-length") return { kind: "fault", fault: "bad-length" };
      const isFirst = this.#begun === 0;
      const packetBytes = header.headerBytes + header.bodyBytes;
      if (isFirst && header.type !== CONNECT) return { kind: "fault", fault: "not-connect" }; // [MQTT-3.1.0-1]
      if (packetBytes > (isFirst ? this.#limits.connectBytesMax : this.#limits.packetBytesMax)) return { kind: "fault", fault: "oversize" };
      if (!admit(header.type, packetBytes)) return { kind: "pass", passBytes: at, waiting: true };
      this.#begun += 1;
      this.#bodyLeft = header.bodyBytes;
      at += header.headerBytes;
    }
    return { kind: "pass", passBytes: at, waiting: false };
  }
}

function fixedHeaderAt(chunk: Uint8Array, at: number): { type: number; headerBytes: number; bodyBytes: number } | "need-more" | "bad-length" {
  let bodyBytes = 0;
  for (let i = 0; i < LENGTH_BYTES_MAX; i += 1) {
    const byte = chunk[at + 1 + i];
    if (byte === undefined) return "need-more";
    bodyBytes += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { type: (chunk[at] as number) >> 4, headerBytes: 2 + i, bodyBytes };
  }
  return "bad-length";
}

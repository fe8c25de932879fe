import type { AckOrder } from "./ack-order.ts";
import type { ConnectionFlow } from "./flow.ts";
import type { JournalTicket, UplinkJournal } from "./gate.ts";
import type { VerdictCache } from "./verdict-cache.ts";

export interface LaneParts {
  readonly verdicts: VerdictCache;
  readonly journal: UplinkJournal;
  readonly order: AckOrder;
  readonly flow: ConnectionFlow;
  readonly nowMs: () => number;
  /** So many uplinks came with what was just read. */
  readonly onUplinks: (count: number) => void;
  /** The journal did not take so many: the connection has to end. */
  readonly onRefused: (count: number, error: Error) => void;
}

/**
 * The short way of an uplink: from the bytes of a PUBLISH at QoS 0 or 1 into the journal, past aedes, whose work for it (subscribers,
 * retained messages, kept sessions) would all be in vain where nobody may subscribe. Its PUBACK goes out after the journal's sync, many
 * with one write.
 */
export class UplinkLane implements JournalTicket {
  readonly #parts: LaneParts;
  #count = 0;
  #receivedAtMs = 0;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** A whole PUBLISH: `head` its first byte, its variable header and payload from `at` to `end`. */
  take(packet: Buffer, head: number, at: number, end: number): "taken" | "pass" | "malformed" {
    const { verdicts, journal, order, flow, nowMs } = this.#parts;
    const isAcknowledged = (head & QOS) !== 0;
    const topicEnd = at + 2 + (((packet[at] as number) << 8) | (packet[at + 1] as number));
    const payloadAt = isAcknowledged ? topicEnd + 2 : topicEnd;
    if (at + 2 > end || payloadAt > end) return "malformed"; // lengths that contradict each other
    const verdict = verdicts.of(packet.toString("latin1", at + 2, topicEnd));
    if (verdict.kind !== "uplink") return verdict.kind;
    const packetId = isAcknowledged ? ((packet[topicEnd] as number) << 8) | (packet[topicEnd + 1] as number) : 0;
    if (isAcknowledged && packetId === 0) return "malformed"; // [MQTT-2.3.1-1]
    if (this.#count === 0) this.#receivedAtMs = nowMs();
    this.#count += 1;
    order.uplink(packetId);
    flow.handOverUplink();
    const { topic, source } = verdict;
    journal.put({ receivedAtMs: this.#receivedAtMs, source, topic, payload: packet.subarray(payloadAt, end), dup: (head & DUP) !== 0 }, this);
    return "taken";
  }

  /** What was read has been looked through. */
  endOfRead(): void {
    if (this.#count === 0) return;
    this.#parts.onUplinks(this.#count);
    this.#count = 0;
  }

  journaled(count: number): void {
    this.#parts.flow.endUplinks(count);
    this.#parts.order.journaled(count);
  }

  refused(count: number, error: Error): void {
    this.#parts.flow.endUplinks(count);
    this.#parts.onRefused(count, error);
  }
}

const QOS = 0b0110;
const DUP = 0b1000;

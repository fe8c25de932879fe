import type { Duplex } from "node:stream";
import { PacketScanner, type ScanFault, type ScanLimits, type TakePublish } from "./packet-scanner.ts";
import type { UplinkLane } from "./uplink-lane.ts";

const PUBLISH = 3;
const CONNECT = 1;
const QOS = 0b0110;
const QOS_1 = 0b0010;

export interface GuardPort {
  /** False holds back everything after CONNECT: until the log-in is through there is nothing to queue for. */
  readonly ready: () => boolean;
  /** Whether a PUBLISH of this size may pass now. */
  readonly admitPublish: (packetBytes: number) => boolean;
  /** The short way of this connection's uplinks, once it is known that it has one. */
  readonly lane: () => UplinkLane | undefined;
  /** A PUBLISH with QoS 1 or 2 goes to aedes, which will acknowledge it. */
  readonly onPassedOn: () => void;
  readonly onFault: (fault: ScanFault | "stalled") => void;
}

/**
 * Stands in front of aedes: it reads a connection through `conn.read()` (a public method of every stream), and we answer with
 * as much as may pass. What has to wait goes back into the stream's own buffer, which then stops taking bytes from the kernel:
 * the limit reaches the sender as TCP back-pressure. Returns the function that makes aedes read again.
 */
export function guardConnection(conn: Duplex, limits: ScanLimits & { readonly packetTimeoutMs: number }, port: GuardPort): () => void {
  const scanner = new PacketScanner(limits);
  const read = conn.read.bind(conn);
  let tail: Buffer | null = null; // at most four bytes: a fixed header that is not whole yet
  let blocked: "no" | "login" | "pace" = "no";
  let faulted = false;
  let watch: NodeJS.Timeout | undefined;

  let lane: UplinkLane | undefined;
  const take: TakePublish = (packet, head, at, end) => {
    const fate = conn.destroyed || lane === undefined ? "pass" : lane.take(packet, head, at, end);
    if (fate === "pass" && (head & QOS) > 0) port.onPassedOn();
    return fate;
  };

  const admit = (head: number, packetBytes: number): boolean => {
    const type = head >> 4;
    if (type === CONNECT) return true;
    if (!port.ready()) {
      blocked = "login";
      return false;
    }
    if (type !== PUBLISH) return true;
    if (!port.admitPublish(packetBytes)) {
      blocked = "pace";
      return false;
    }
    if ((head & QOS) > (lane === undefined ? 0 : QOS_1)) port.onPassedOn(); // what the lane may take is told apart there
    return true;
  };

  const cut = (fault: ScanFault | "stalled"): null => {
    faulted = true;
    port.onFault(fault);
    conn.destroy();
    return null;
  };

  /** A packet holds its share of what may be in flight from its first byte on: one whose sender falls silent gives it back. */
  const watchPacket = (): void => {
    const { begun } = scanner.progress;
    watch ??= setTimeout(() => {
      watch = undefined;
      const { begun: now, whole } = scanner.progress;
      if (whole || conn.destroyed) return;
      if (now === begun && conn.readableLength === 0) cut("stalled");
      else watchPacket();
    }, limits.packetTimeoutMs);
    watch.unref();
  };
  conn.once("close", () => clearTimeout(watch));

  conn.read = (size?: number): Buffer | null => {
    if (faulted || conn.destroyed || blocked === "pace" || (blocked === "login" && !port.ready())) return null;
    blocked = "no";
    const fresh = read(size) as Buffer | null;
    if (fresh === null || fresh.length === 0) return null;
    const chunk: Buffer = tail === null ? fresh : Buffer.concat([tail, fresh]);
    tail = null;
    lane = port.lane();
    const result = scanner.scan(chunk, admit, lane === undefined ? null : take);
    lane?.endOfRead();
    if (result.kind === "fault") return cut(result.fault);
    if (!scanner.progress.whole) watchPacket();
    const rest = chunk.subarray(result.consumedBytes);
    if (result.waiting) conn.unshift(rest);
    else if (rest.length > 0) tail = rest;
    const { pieces } = result;
    if (pieces.length <= 1) return pieces[0] ?? null;
    return Buffer.concat(pieces);
  };

  return () => {
    if (blocked === "no" || conn.destroyed) return;
    blocked = "no";
    setImmediate(() => {
      if (!conn.destroyed) conn.emit("readable");
    });
  };
}

import type { Duplex } from "node:stream";
import { PacketScanner, type ScanFault, type ScanLimits } from "./packet-scanner.ts";

const PUBLISH = 3;
const CONNECT = 1;

export interface GuardPort {
  /** False holds back everything after CONNECT: until the log-in is through there is nothing to queue for. */
  readonly ready: () => boolean;
  /** Whether a PUBLISH of this size may pass now. */
  readonly admitPublish: (packetBytes: number) => boolean;
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

  const admit = (type: number, packetBytes: number): boolean => {
    if (type === CONNECT) return true;
    if (!port.ready()) {
      blocked = "login";
      return false;
    }
    if (type !== PUBLISH || port.admitPublish(packetBytes)) return true;
    blocked = "pace";
    return false;
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
    const result = scanner.scan(chunk, admit);
    if (result.kind === "fault") return cut(result.fault);
    if (!scanner.progress.whole) watchPacket();
    const rest = chunk.subarray(result.passBytes);
    if (result.waiting) conn.unshift(rest);
    else if (rest.length > 0) tail = rest;
    return result.passBytes === 0 ? null : chunk.subarray(0, result.passBytes);
  };

  return () => {
    if (blocked === "no" || conn.destroyed) return;
    blocked = "no";
    setImmediate(() => {
      if (!conn.destroyed) conn.emit("readable");
    });
  };
}

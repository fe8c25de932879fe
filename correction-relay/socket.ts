import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** Ends a connection at once; on plain TCP with a reset, so that the kernel does not keep what the peer never read. */
export function cut(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

/** 127.0.0.0/8, ::1, and the first in IPv6 clothes. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}

const LAST_WORDS_MS = 3000;

/**
 * Says the last words and lets the peer close: closing first would reset the connection when it is still sending,
 * and the answer would be lost. A peer that does not close in time is closed.
 */
export function finish(socket: Socket, lastWords = ""): void {
  if (socket.destroyed) return;
  if (!socket.writableEnded) socket.end(lastWords);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS);
  socket.once("close", () => clearTimeout(timer));
}

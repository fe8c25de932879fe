import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export const PATIENCE_MS = 25_000;

/** Polls for what a real program does in its own time. */
export async function until(condition: () => boolean, what: () => string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A port of 127.0.0.1 that nobody listens on, for a program that cannot choose one itself. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A connection to a program that is about to listen there. */
export async function connectWhenListening(port: number, says: () => string): Promise<Socket> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const socket = connect({ port, host: "127.0.0.1" });
    const opened = await new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)).once("error", () => setTimeout(resolve, 20, false)));
    if (opened) return socket.on("error", () => {});
    if (Date.now() > deadline) throw new Error(`nothing listens on ${port}: ${says()}`);
  }
}

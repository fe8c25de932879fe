import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageType } from "rtcm-parser";
import { expect, test } from "vitest";
import { BASE_PASSWORD, type Bench, openBench, ROVER_PASSWORD } from "../correction-relay/support.ts";
import { CAPTURES, readCapture } from "../rtcm-parser/captures.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";

const PIECE_BYTES = 8192;
const PATIENCE_MS = 25_000;
const CACHED = [1005, 1006, 1007, 1008, 1033, 1230];

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Programs and a folder that go with the test. */
class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "azemichi-str2str-"));
  readonly #programs: ChildProcess[] = [];
  readonly #closers: (() => void)[] = [];

  str2str(...args: string[]): ChildProcess {
    const program = spawn(programPath("str2str") as string, args, { stdio: "ignore", cwd: this.folder });
    this.#programs.push(program);
    return program;
  }

  /** A receiver on TCP: resolves with the connection of the one program that fetches from it. */
  async receiver(): Promise<{ port: number; connection: Promise<Socket> }> {
    const server = createServer();
    this.#closers.push(() => server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const connection = once(server, "connection").then(([socket]) => {
      this.#closers.push(() => (socket as Socket).destroy());
      (socket as Socket).on("error", () => {});
      return socket as Socket;
    });
    return { port: (server.address() as AddressInfo).port, connection };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await ended(program);
    for (const close of this.#closers.reverse()) close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const exit = once(program, "exit");
  program.kill("SIGKILL");
  await exit;
}

function health(bench: Bench) {
  bench.pass(0);
  return bench.bases.get("misato1");
}

async function roverToFile(bench: Bench, shop: Workshop, name: string): Promise<() => Buffer> {
  const before = health(bench)?.rovers ?? 0;
  const path = join(shop.folder, name);
  shop.str2str("-in", `ntrip://tractor1:${ROVER_PASSWORD}@127.0.0.1:${bench.port}/MISATO1`, "-out", `file://${path}`);
  await until(() => health(bench)?.rovers === before + 1, `${name} on the mount`);
  return () => readFileSync(path);
}

/** A str2str that pushes to the mount; each piece is sent when the relay has the one before. */
async function pusher(bench: Bench, shop: Workshop): Promise<{ push: (bytes: Uint8Array) => Promise<void>; end: () => Promise<void> }> {
  const receiver = await shop.receiver();
  const program = shop.str2str("-in", `tcpcli://127.0.0.1:${receiver.port}`, "-out", `ntrips://:${BASE_PASSWORD}@127.0.0.1:${bench.port}/MISATO1`);
  const socket = await receiver.connection;
  await until(() => health(bench)?.state !== "absent", "the source on the mount");
  let sent = 0;
  return {
    async push(bytes) {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, at + PIECE_BYTES);
        socket.write(piece);
        sent += piece.length;
        await until(() => bench.metrics.get("azemichi_relay_source_bytes_total", { mount: "MISATO1" }) >= sent, `${sent} bytes at the relay`);
      }
    },
    async end() {
      await ended(program);
      await until(() => health(bench)?.state === "absent", "the end of the source");
    },
  };
}

describeNeeding(["shared", "str2str"], "str2str pushes and str2str receives", () => {
  test.concurrent.each(CAPTURES)(
    "%s: every valid frame from the first on, byte for byte",
    async (name) => {
      const { bytes, frames } = readCapture(name);
      await using shop = new Workshop();
      await using bench = await openBench();
      const file = await roverToFile(bench, shop, "rover.rtcm3");
      const source = await pusher(bench, shop);
      await source.push(bytes);
      await source.end();
      // RTKLIB takes the first CRLF of `ICY 200 OK\r\n\r\n` away and keeps the second.
      const expected = Buffer.concat([Buffer.from("\r\n"), ...frames]);
      await until(() => file().length >= expected.length, `${expected.length} bytes in the file`);
      expect(file().equals(expected)).toBe(true);
      expect(bench.metrics.get("azemichi_relay_skipped_deliveries_total", { mount: "MISATO1" })).toBe(0);
    },
    60_000,
  );

  test.concurrent("a rover that joins in mid-stream gets the cached frames and then every frame of the rest", async () => {
    const { bytes, frames } = readCapture("mixed-ubx-nmea-rtcm-f9p-long.bin");
    await using shop = new Workshop();
    await using bench = await openBench();
    const source = await pusher(bench, shop);
    const half = Math.floor(bytes.length / 2);
    await source.push(bytes.subarray(0, half));
    const file = await roverToFile(bench, shop, "late.rtcm3");
    await source.push(bytes.subarray(half));
    await source.end();

    const sent = (bench.rovers.get("tractor1")?.sentBytes ?? 0) - "ICY 200 OK\r\n".length;
    await until(() => file().length === sent, `${sent} bytes in the file`);
    const got = file();
    expect(got.subarray(0, 2).toString()).toBe("\r\n");
    let at = 2;
    const cached: number[] = [];
    for (const type of CACHED) {
      const frame = frames.find((f) => messageType(f) === type && got.subarray(at, at + f.length).equals(f));
      if (frame === undefined) continue;
      cached.push(type);
      at += frame.length;
    }
    expect(cached).toEqual([1005, 1230]); // what this capture has of them
    const rest = got.subarray(at);
    const from = frames.findIndex((_, i) => rest.length === frames.slice(i).reduce((sum, f) => sum + f.length, 0));
    expect(from).toBeGreaterThan(0);
    expect(rest.equals(Buffer.concat(frames.slice(from)))).toBe(true);
  }, 60_000);
});

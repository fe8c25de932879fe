import { connect, type Socket } from "node:net";
import { FrameSplitter, frameOf } from "rtcm-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fieldSite } from "../support/field-site.ts";
import { eventually, killGroup, type Service, startService } from "../support/service.ts";

const EVERY_MS = 50;

/** An RTCM frame of a type that nobody decodes, with a number in it. */
function numbered(n: number): Uint8Array {
  const payload = Buffer.alloc(8);
  payload.writeUInt16BE(4095 << 4, 0);
  payload.writeUInt32BE(n, 4);
  return frameOf(payload);
}

describe("a rover's stream", () => {
  let service: Service;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    service = await startService({
      site: fieldSite({
        bases: [{ id: "b1", mount: "TEST1", sourcePassword: "base-password-1" }],
        rovers: [{ id: "r1", username: "r1", password: "rover-password-1" }],
      }),
    });
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    killGroup(service);
  });

  function open(request: string): Socket {
    const socket = connect(service.ready.ntrip, "127.0.0.1", () => socket.write(request));
    sockets.push(socket);
    return socket;
  }

  test("has no gap while field and web are killed", async () => {
    const base = open("SOURCE base-password-1 TEST1\r\nSource-Agent: NTRIP test\r\n\r\n");
    await new Promise((resolve) => base.once("data", resolve));
    const rover = open(
      `GET /TEST1 HTTP/1.0\r\nUser-Agent: NTRIP test\r\nAuthorization: Basic ${Buffer.from("r1:rover-password-1").toString("base64")}\r\n\r\n`,
    );
    const splitter = new FrameSplitter();
    const seen: { n: number; atMs: number }[] = [];
    rover.on("data", (chunk) => {
      for (const frame of splitter.push(chunk)) seen.push({ n: Buffer.from(frame).readUInt32BE(7), atMs: Date.now() });
    });
    await new Promise((resolve) => rover.once("data", resolve));
    let n = 0;
    const sending = setInterval(() => base.write(numbered(n++)), EVERY_MS);
    try {
      await eventually(() => seen.length > 5, { timeoutMs: 5000, what: "corrections" });
      for (const role of ["field", "web"]) {
        const [pid] = service.pidsOf(role);
        const before = seen.length;
        process.kill(pid as number, "SIGKILL");
        await eventually(() => service.pidsOf(role).some((p) => p !== pid) && seen.length > before + 20, {
          timeoutMs: 10_000,
          what: `${role} to be back and corrections to go on`,
        });
      }
    } finally {
      clearInterval(sending);
    }
    expect(seen.map((s) => s.n)).toEqual(Array.from({ length: seen.length }, (_, i) => (seen[0]?.n ?? 0) + i));
    expect(splitter.counters).toMatchObject({ crcFailures: 0 });
  });
});

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { silentLog } from "../../core/runtime/log.ts";
import { openListeners } from "../../correction-relay/listeners.ts";
import { selfSigned } from "../support/self-signed.ts";
import { openBench, Peer, ROVER_AUTH } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "azemichi-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function certificate(name: string): { certPath: string; keyPath: string } {
  const paths = { certPath: join(folder, `${name}.crt`), keyPath: join(folder, `${name}.key`) };
  const { cert, key } = selfSigned(name);
  writeFileSync(paths.certPath, cert);
  writeFileSync(paths.keyPath, key);
  return paths;
}

const options = { host: "127.0.0.1", connections: 10, log: silentLog, onConnection: (socket: Socket) => void socket.destroy() };

describe("listeners", () => {
  test("a taken port is a sentence that says what to do, and leaves nothing open", async () => {
    const first = await openListeners({ ...options, port: 0, tls: null });
    const error = await openListeners({ ...options, port: first.port, tls: { port: 0, ...certificate("taken") } }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "PORT_TAKEN", message: expect.stringContaining(`${first.port}`), context: { port: first.port } });
    await first.close();
    const again = await openListeners({ ...options, port: first.port, tls: null });
    await again.close();
  });

  test("a client that is gone before its handshake ends leaves nothing behind", async () => {
    await using bench = await openBench({ tls: { port: 0, ...certificate("gone") } });
    const knocking = connect({ host: "127.0.0.1", port: bench.tlsPort ?? 0, rejectUnauthorized: false }, () => knocking.destroy());
    await once(knocking, "close");
    const half = await Peer.open(bench.tlsPort ?? 0);
    half.send(Buffer.from([0x16, 3, 1]));
    half.socket.end();
    await half.untilClosed();
  });

  test("a rover over TLS; a renewed certificate is served without a restart", async () => {
    const paths = certificate("before");
    await using bench = await openBench({ tls: { port: 0, ...paths, lookEveryMs: 10 } });
    const dial = async (): Promise<TLSSocket> => {
      const socket = connect({ host: "127.0.0.1", port: bench.tlsPort ?? 0, rejectUnauthorized: false });
      await once(socket, "secureConnect");
      return socket;
    };
    const rover = await dial();
    expect(rover.getPeerCertificate().subject.CN).toBe("before");
    rover.write(`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\nAuthorization: ${ROVER_AUTH}\r\n\r\n`);
    const [answer] = (await once(rover, "data")) as [Buffer];
    expect(answer.toString()).toBe("ICY 200 OK\r\n\r\n");

    const renewed = selfSigned("after");
    writeFileSync(paths.keyPath, "half a key"); // what a reader in between may see
    writeFileSync(paths.certPath, renewed.cert);
    writeFileSync(paths.keyPath, renewed.key);
    let name: unknown = "before";
    for (let tries = 0; name !== "after" && tries < 500; tries += 1) {
      const again = await dial();
      name = again.getPeerCertificate().subject.CN;
      again.destroy();
    }
    expect(name).toBe("after");
    expect(rover.destroyed).toBe(false);
    rover.destroy();
  });
});

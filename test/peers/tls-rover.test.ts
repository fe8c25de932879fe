import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageType } from "rtcm-parser";
import { expect, test } from "vitest";
import { BASE_PASSWORD, type Bench, joinRover, joinSource, openBench, type Peer, ROVER_AUTH, ROVER_PASSWORD } from "../correction-relay/support.ts";
import { readCapture } from "../rtcm-parser/captures.ts";
import { connectWhenListening, freePort, until } from "../support/peers.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { selfSigned } from "../support/self-signed.ts";

const EPOCHS = 60;
const ICY_BYTES = 14;

/** A relay with TLS, the programs around it, and a folder for their files. */
async function openTlsBench() {
  const folder = mkdtempSync(join(tmpdir(), "azemichi-tls-"));
  const { cert, key } = selfSigned("localhost");
  const tls = { port: 0, certPath: join(folder, "cert.pem"), keyPath: join(folder, "key.pem") };
  writeFileSync(tls.certPath, cert);
  writeFileSync(tls.keyPath, key);
  const bench = await openBench({ tls });
  const programs: ChildProcess[] = [];
  return {
    bench,
    folder,
    certPath: tls.certPath,
    tlsPort: bench.tlsPort as number,
    run(name: string, ...args: readonly string[]): ChildProcess {
      const program = spawn(programPath(name) as string, args, { stdio: ["pipe", "pipe", "ignore"], cwd: folder });
      program.stdin?.on("error", () => {});
      programs.push(program);
      return program;
    },
    async [Symbol.asyncDispose]() {
      for (const program of programs) {
        if (program.exitCode !== null || program.signalCode !== null) continue;
        const exit = once(program, "exit");
        program.kill("SIGKILL");
        await exit;
      }
      await bench[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function roversOn(bench: Bench): number {
  bench.pass(0);
  return bench.bases.get("misato1")?.rovers ?? 0;
}

const stateOf = (bench: Bench): string | undefined => {
  bench.pass(0);
  return bench.bases.get("misato1")?.state;
};

/** The first epochs of a real base, each with the frames behind it. */
function epochs(): readonly Uint8Array[] {
  const { frames } = readCapture("base-f9p-msm7-200s.rtcm3");
  const starts = frames.flatMap((frame, i) => (messageType(frame) === 1077 ? [i] : []));
  return starts.slice(0, EPOCHS).map((start, n) => Buffer.concat(frames.slice(start, starts[n + 1])));
}

/** As a base sends: the next epoch follows when the one before it has arrived. */
async function stream(source: Peer, arrivedBytes: () => number): Promise<Buffer> {
  const before = arrivedBytes();
  let sentBytes = 0;
  for (const epoch of epochs()) {
    source.send(epoch);
    sentBytes += epoch.length;
    await until(
      () => arrivedBytes() >= before + sentBytes,
      () => `${sentBytes} bytes, not ${arrivedBytes() - before}`,
    );
  }
  return Buffer.concat([...epochs()]);
}

describeNeeding(["shared", "stunnel", "str2str"], "a rover without TLS behind stunnel", () => {
  test("str2str gets every frame, byte for byte", async () => {
    await using town = await openTlsBench();
    const { bench, folder } = town;
    const port = await freePort();
    const config = ["foreground = yes", "pid =", "[ntrips]", "client = yes", `accept = 127.0.0.1:${port}`, `connect = 127.0.0.1:${town.tlsPort}`];
    writeFileSync(join(folder, "stunnel.conf"), [...config, `CAfile = ${town.certPath}`, "verifyPeer = yes", ""].join("\n"));
    town.run("stunnel", join(folder, "stunnel.conf"));
    (await connectWhenListening(port, () => "stunnel")).destroy();
    town.run("str2str", "-in", `ntrip://tractor1:${ROVER_PASSWORD}@127.0.0.1:${port}/MISATO1`, "-out", `file://${join(folder, "rover.rtcm3")}`);
    await until(
      () => roversOn(bench) === 1,
      () => "the rover on the mount",
    );

    const source = await joinSource(bench);
    const file = (): Buffer => (existsSync(join(folder, "rover.rtcm3")) ? readFileSync(join(folder, "rover.rtcm3")) : Buffer.alloc(0));
    // RTKLIB takes the first CRLF of `ICY 200 OK\r\n\r\n` away and keeps the second.
    await until(
      () => file().length === 2,
      () => "the end of the answer",
    );
    const sent = await stream(source, () => file().length);
    expect(file().subarray(2).equals(sent)).toBe(true);
  }, 60_000);
});

describeNeeding(["shared", "openssl"], "openssl's client", () => {
  const client = (town: Awaited<ReturnType<typeof openTlsBench>>): ChildProcess =>
    town.run("openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", town.certPath, "-connect", `127.0.0.1:${town.tlsPort}`);

  test("as a rover: the answer and every frame, byte for byte", async () => {
    await using town = await openTlsBench();
    const rover = client(town);
    const got: Buffer[] = [];
    rover.stdout?.on("data", (chunk: Buffer) => got.push(chunk));
    rover.stdin?.write(`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\nAuthorization: ${ROVER_AUTH}\r\n\r\n`);
    await until(
      () => roversOn(town.bench) === 1,
      () => "the rover on the mount",
    );
    const source = await joinSource(town.bench);
    const gotBytes = (): number => got.reduce((sum, { length }) => sum + length, 0);
    await until(
      () => gotBytes() === ICY_BYTES,
      () => "the answer",
    );
    const sent = await stream(source, gotBytes);
    expect(Buffer.concat(got).equals(Buffer.concat([Buffer.from("ICY 200 OK\r\n\r\n"), sent]))).toBe(true);
  }, 60_000);

  test("as a base: a plain rover gets what it pushed", async () => {
    await using town = await openTlsBench();
    const rover = await joinRover(town.bench);
    const base = client(town);
    base.stdin?.write(`SOURCE ${BASE_PASSWORD} MISATO1\r\nSource-Agent: NTRIP x\r\n\r\n`);
    await until(
      () => stateOf(town.bench) !== "absent",
      () => "the base on the mount",
    );
    const expected = Buffer.concat([...epochs()]);
    base.stdin?.write(expected);
    expect((await rover.untilBytes(ICY_BYTES + expected.length)).subarray(ICY_BYTES).equals(expected)).toBe(true);
  }, 60_000);
});

import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HookClient, type HookOutcome } from "../../../api/hook-client.ts";
import { hookCredential, hookSocketPath, hookSocketToConnect } from "../../../app/hook-socket.ts";
import { silentLog } from "../../../core/runtime/log.ts";
import { Metrics } from "../../../core/runtime/metrics.ts";
import { encodeHookFrame } from "../../../core/wire/hook-frame.ts";
import { HookIntake } from "../../../ingest/sources/hook-intake.ts";
import { until } from "../../support/peers.ts";

const CREDENTIAL = hookCredential("a start's own secret");
const hook = (n: number) => ({ source: "cs", topic: "hooks/chirpstack/up", payload: Buffer.from(`n${n}`) });

let folder: string;
const open: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-hooks-"));
  mkdirSync(join(folder, "run"));
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

interface Kept {
  readonly source: string;
  readonly topic: string;
  readonly text: string;
}
class TestJournal {
  readonly kept: Kept[] = [];
  ready = true;
  failing = false;
  disk: Promise<unknown> = Promise.resolve();
  async append({ source, topic, payload }: { source: string; topic: string; payload: Uint8Array }): Promise<void> {
    await this.disk;
    if (this.failing) throw new Error("disk is full");
    this.kept.push({ source, topic, text: Buffer.from(payload).toString() });
  }
}

const metrics = new Metrics();
async function startIntake(journal: TestJournal): Promise<HookIntake> {
  const intake = await HookIntake.open({ path: hookSocketPath(folder), credential: CREDENTIAL, journal, log: silentLog, metrics, nowMs: () => 1000 });
  open.push(() => intake.close());
  return intake;
}
function startClient(options: { credential?: string; answerMs?: number } = {}): HookClient {
  const client = new HookClient({ path: () => hookSocketToConnect(folder), credential: CREDENTIAL, metrics, random: () => 0.5, ...options });
  open.push(() => client.close());
  client.start();
  return client;
}

describe("hooks over the local socket", () => {
  test("many at once are journaled as they came, and answered only then", async () => {
    const journal = new TestJournal();
    const { promise, resolve } = Promise.withResolvers<void>();
    journal.disk = promise;
    const intake = await startIntake(journal);
    const client = startClient();
    const answers: HookOutcome[] = [];
    const all = Promise.all(Array.from({ length: 500 }, async (_, i) => answers.push(await client.submit(hook(i)))));
    const last = client.submit({ source: "late", topic: "hooks/tts/up", payload: Buffer.alloc(65_536, 120) });
    await until(
      () => hookSocketToConnect(folder) !== undefined,
      () => "the socket",
    );
    expect(answers).toEqual([]);
    resolve();
    await all;
    expect(await last).toBe("journaled");
    expect(new Set(answers)).toEqual(new Set(["journaled"]));
    expect(journal.kept.slice(0, 500).map((k) => k.text)).toEqual(Array.from({ length: 500 }, (_, i) => `n${i}`));
    expect(journal.kept[500]).toEqual({ source: "late", topic: "hooks/tts/up", text: "x".repeat(65_536) });
    expect(intake.states()).toEqual([
      { networkId: "cs", uplinks: 500, lastMessageAt: "1970-01-01T00:00:01.000Z" },
      { networkId: "late", uplinks: 1, lastMessageAt: "1970-01-01T00:00:01.000Z" },
    ]);
    expect(statSync(hookSocketPath(folder)).mode & 0o777).toBe(0o600);
  });

  test("what the journal cannot take is refused", async () => {
    const journal = new TestJournal();
    await startIntake(journal);
    const client = startClient();
    journal.ready = false;
    expect(await client.submit(hook(1))).toBe("refused");
    journal.ready = true;
    journal.failing = true;
    expect(await client.submit(hook(2))).toBe("refused");
    journal.failing = false;
    expect(await client.submit(hook(3))).toBe("journaled");
    expect(journal.kept.map((k) => k.text)).toEqual(["n3"]);
  });

  test("a hook waits for a field that starts again; one that was sent is not sent twice", async () => {
    const journal = new TestJournal();
    const client = startClient();
    const early = client.submit(hook(1));
    const first = await startIntake(journal);
    expect(await early).toBe("journaled");
    journal.disk = new Promise(() => {});
    const caught = client.submit(hook(2));
    await until(
      () => metrics.get("azemichi_hook_uplinks_total", { source: "cs", verdict: "journaled" }) > 0,
      () => "the first",
    );
    await first.close();
    expect(await caught).toBe("unavailable");
    journal.disk = Promise.resolve();
    const next = client.submit(hook(3));
    await startIntake(journal);
    expect(await next).toBe("journaled");
    expect(journal.kept.map((k) => k.text)).toEqual(["n1", "n3"]);
  });

  test("without an answer in time, and beyond what may be under way: not kept as far as the sender knows", async () => {
    const journal = new TestJournal();
    journal.disk = new Promise(() => {});
    await startIntake(journal);
    const client = startClient({ answerMs: 20 });
    const many = await Promise.all(Array.from({ length: 1200 }, (_, i) => client.submit(hook(i))));
    expect([many.filter((o) => o === "busy").length, many.filter((o) => o === "unavailable").length]).toEqual([200, 1000]);
    client.close();
    expect(await client.submit(hook(1))).toBe("unavailable");
  });

  test("nobody else gets in: a wrong credential, no credential, junk, frames that web does not send", async () => {
    const journal = new TestJournal();
    await startIntake(journal);
    const submit = encodeHookFrame({ kind: "submit", id: 1, ...hook(1) });
    const hello = (credential: string): Buffer => encodeHookFrame({ kind: "hello", credential });
    const openings = [
      [hello("wrong"), submit],
      [submit],
      [Buffer.alloc(100, 0xff)],
      [hello(CREDENTIAL), encodeHookFrame({ kind: "answer", id: 1, verdict: "journaled" })],
    ];
    for (const bytes of openings) {
      const socket = connect(hookSocketPath(folder)).on("error", () => {});
      socket.write(Buffer.concat(bytes));
      await once(socket, "close");
    }
    expect(journal.kept).toEqual([]);
    expect(await startClient({ credential: "wrong", answerMs: 100 }).submit(hook(1))).toBe("unavailable");
  });

  test("a field that answers nonsense is left", async () => {
    let sockets = 0;
    const server: Server = createServer((socket: Socket) => {
      sockets += 1;
      socket.on("error", () => {}).write(Buffer.alloc(64, 0xff));
    }).listen(hookSocketPath(folder));
    open.push(() => server.close());
    await once(server, "listening");
    startClient();
    await until(
      () => sockets >= 2,
      () => "another try",
    );
  });

  test("the socket of a killed process is no hindrance", async () => {
    writeFileSync(hookSocketPath(folder), "");
    const journal = new TestJournal();
    await startIntake(journal);
    expect(await startClient().submit(hook(1))).toBe("journaled");
  });

  test("a data folder whose path is too long for a socket: another place, the same after a restart, and found by web", async () => {
    const short = folder;
    open.push(() => {
      folder = short; // removed with all that is in it
    });
    folder = join(folder, "データ".repeat(12));
    mkdirSync(join(folder, "run"), { recursive: true });
    const path = hookSocketPath(folder);
    open.push(() => rmSync(dirname(path), { recursive: true, force: true }));
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(107);
    expect(hookSocketPath(folder)).toBe(path);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(folder, "run", "field.sock.path"), "utf8")).toBe(path);
    const journal = new TestJournal();
    await startIntake(journal);
    expect(await startClient().submit(hook(1))).toBe("journaled");
  });
});

import { createServer } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Rover } from "../../core/domain/site.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { Accounts } from "../../correction-relay/accounts.ts";
import { Caster } from "../../correction-relay/caster.ts";
import { LIMITS } from "../../correction-relay/limits.ts";
import type { MountPoint } from "../../correction-relay/mount-point.ts";
import { Reception } from "../../correction-relay/reception.ts";
import type { RefusedLogin } from "../../correction-relay/refusals.ts";
import type { RoverSession } from "../../correction-relay/rover.ts";
import { sessionCap } from "../../correction-relay/session-cap.ts";
import { basic, catalogOf, eventually, KEY, Peer, ROVER_AUTH, ROVER_PASSWORD, roverOf } from "./support.ts";

const NOW_MS = 1_000_000;
const quietFor = (...seconds: readonly number[]) => seconds.map((s) => ({ lastSignOfLifeMs: NOW_MS - s * 1000 }));

describe("the cap (pure)", () => {
  test.each([
    { name: "below it", maxSessions: 2, quietS: [60], staffTest: false, verdict: "admit", replacedQuietS: [] },
    { name: "two live ones", maxSessions: 2, quietS: [1, 14], staffTest: false, verdict: "refuse", replacedQuietS: [] },
    { name: "15 s sharp is not over 15 s", maxSessions: 2, quietS: [1, 15], staffTest: false, verdict: "refuse", replacedQuietS: [] },
    { name: "one mute", maxSessions: 2, quietS: [1, 16], staffTest: false, verdict: "admit", replacedQuietS: [16] },
    { name: "two mute: the oldest goes, one is enough", maxSessions: 2, quietS: [17, 30], staffTest: false, verdict: "admit", replacedQuietS: [30] },
    { name: "a cap of one", maxSessions: 1, quietS: [16], staffTest: false, verdict: "admit", replacedQuietS: [16] },
    { name: "no limit", maxSessions: 0, quietS: [1, 1, 1], staffTest: false, verdict: "admit", replacedQuietS: [] },
    { name: "staff tests never count and never evict", maxSessions: 1, quietS: [90, 1], staffTest: true, verdict: "admit", replacedQuietS: [] },
    { name: "the cap was lowered: as many as are over", maxSessions: 1, quietS: [20, 1, 30], staffTest: false, verdict: "refuse", replacedQuietS: [] },
    { name: "the cap was lowered, all mute", maxSessions: 1, quietS: [20, 16, 30], staffTest: false, verdict: "admit", replacedQuietS: [30, 20, 16] },
  ])("$name", ({ maxSessions, quietS, staffTest, verdict, replacedQuietS }) => {
    const got = sessionCap({ maxSessions, staffTest, sessions: quietFor(...quietS), nowMs: NOW_MS });
    expect(got.kind).toBe(verdict);
    if (got.kind === "admit") expect(got.replaces.map((s) => (NOW_MS - s.lastSignOfLifeMs) / 1000)).toEqual(replacedQuietS);
  });

  test("a live session is never cut, and nobody is let in over the cap", () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 8 }), fc.boolean(), (maxSessions, quietS, staffTest) => {
        const sessions = quietFor(...quietS);
        const got = sessionCap({ maxSessions, staffTest, sessions, nowMs: NOW_MS });
        if (got.kind === "refuse") return;
        expect(got.replaces.every((s) => NOW_MS - s.lastSignOfLifeMs > 15_000)).toBe(true);
        if (maxSessions > 0 && !staffTest) expect(sessions.length - got.replaces.length + 1).toBeLessThanOrEqual(maxSessions);
      }),
    );
  });
});

/** A reception on a real port with one mount behind it that hands on what the test gives it. */
async function openReception(rover: Rover) {
  let nowMs = Date.UTC(2026, 10, 23, 3);
  const joined = new Set<RoverSession>();
  const refusals: RefusedLogin[] = [];
  const mount: MountPoint = {
    name: "MISATO1",
    sim: false,
    variantOf: null,
    takesSource: null,
    entry: () => {
      throw new Error("no table here");
    },
    join: (session, statusLine) => {
      joined.add(session);
      session.start(Buffer.from(statusLine));
    },
    leave: (session) => joined.delete(session),
    attach: () => "taken",
  };
  const catalog = catalogOf([], [rover]);
  const reception = new Reception({
    catalog: { current: () => catalog, onChange: () => () => {} },
    accounts: new Accounts({ key: KEY, nowMs: () => nowMs }),
    mounts: { find: (name) => (name === mount.name ? mount : undefined), all: () => [] },
    refused: (refusal) => refusals.push(refusal),
    simServe: false,
    limits: LIMITS,
    nowMs: () => nowMs,
    log: silentLog,
    metrics: new Metrics(),
  });
  const caster = new Caster({ limits: LIMITS, nowMs: () => nowMs, log: silentLog, metrics: new Metrics(), receive: (visitor) => reception.receive(visitor) });
  const server = createServer({ allowHalfOpen: true }, (socket) => caster.accept(socket));
  const port = await new Promise<number>((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)));
  return {
    reception,
    joined,
    refusals,
    pass: (ms: number) => {
      nowMs += ms;
    },
    ask: async (mountName = "MISATO1", auth = ROVER_AUTH): Promise<Peer> =>
      (await Peer.open(port)).send(`GET /${mountName} HTTP/1.0\r\nUser-Agent: NTRIP Test/1\r\nAuthorization: ${auth}\r\n\r\n`),
    async [Symbol.asyncDispose]() {
      for (const session of joined) session.cut("end of the test");
      caster.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const GGA = "$GPGGA,031500,3925.2,N,14033.0,E,4,12,0.8,45,M,38,M,1.0,1\r\n";

describe("one account, one address, one agent", () => {
  test("two live rovers both keep flowing; a third is refused; it gets in 16 s after one went mute", async () => {
    await using bench = await openReception(roverOf("tractor1", { maxSessions: 2 }));
    const first = await (await bench.ask()).untilText("ICY 200 OK\r\n\r\n");
    const second = await (await bench.ask()).untilText("ICY 200 OK\r\n\r\n");
    const [one, two] = [...bench.joined];
    const hears = async (peer: Peer, session: RoverSession | undefined): Promise<void> => {
      const before = session?.lastSignOfLifeMs;
      peer.send(GGA);
      await eventually(() => session?.lastSignOfLifeMs !== before, "its GGA");
    };
    for (let s = 0; s < 30; s += 10) {
      bench.pass(10_000);
      await hears(first, one);
      await hears(second, two);
      expect(await (await bench.ask()).untilClosed()).toMatch(/^HTTP\/1\.0 503 Service Unavailable\r\n(?:.+\r\n)*Retry-After: 16\r\n/);
    }
    expect([first.closed, second.closed, bench.reception.sessionsOf("tractor1")]).toEqual([false, false, 2]);

    bench.pass(10_000);
    await hears(first, one);
    bench.pass(5000); // the second has been mute for 15 s
    expect(await (await bench.ask()).untilClosed()).toMatch(/^HTTP\/1\.0 503 /);
    bench.pass(1000);
    const third = await (await bench.ask()).untilText("ICY 200 OK\r\n\r\n");
    await second.untilClosed();
    expect([first.closed, third.closed, bench.joined.size, bench.reception.sessionsOf("tractor1")]).toEqual([false, false, 2, 2]);
    expect(bench.refusals.map(({ reason }) => reason)).toEqual(["sessions", "sessions", "sessions", "sessions"]);
  });

  test("who leaves makes room at once", async () => {
    await using bench = await openReception(roverOf("tractor1", { maxSessions: 1 }));
    const first = await (await bench.ask()).untilText("ICY");
    first.socket.destroy();
    await eventually(() => bench.reception.sessionsOf("tractor1") === 0, "its end");
    await (await bench.ask()).untilText("ICY 200 OK\r\n\r\n");
  });

  test("staff tests come in beside live ones and cut nobody", async () => {
    await using bench = await openReception(roverOf("staff", { username: "tractor1", maxSessions: 1, staffTest: true }));
    const peers = [await bench.ask(), await bench.ask(), await bench.ask()];
    for (const peer of peers) await peer.untilText("ICY 200 OK\r\n\r\n");
    expect(peers.map(({ closed }) => closed)).toEqual([false, false, false]);
  });
});

describe("refusals told for the diagnosis", () => {
  test.each([
    { name: "a wrong password", mount: "MISATO1", auth: basic("tractor1", "typo"), rover: {}, reason: "wrong-password" },
    { name: "an expired account", mount: "MISATO1", auth: ROVER_AUTH, rover: { expiresOn: "2026-11-22" }, reason: "expired" },
    { name: "a mount not its own", mount: "MISATO1", auth: ROVER_AUTH, rover: { mounts: ["OTHER"] }, reason: "not-this-mount" },
    { name: "a mount that is none", mount: "MISAT01", auth: ROVER_AUTH, rover: {}, reason: "unknown-mount" },
    { name: "a user name spoken out", mount: "MISATO1", auth: basic("a-at-b", "typo"), rover: { username: "a@b" }, reason: "wrong-password" },
  ])("$name", async ({ mount, auth, rover, reason }) => {
    await using bench = await openReception(roverOf("tractor1", rover));
    await (await bench.ask(mount, auth)).untilClosed();
    const username = roverOf("tractor1", rover).username;
    expect(bench.refusals).toEqual([{ atMs: Date.UTC(2026, 10, 23, 3), username, roverId: "tractor1", mount, reason, address: "127.0.0.1" }]);
  });

  test("of unknown users nothing is told, and the same once a second at most", async () => {
    await using bench = await openReception(roverOf("tractor1"));
    await (await bench.ask("MISATO1", basic("nobody", ROVER_PASSWORD))).untilClosed();
    await (await bench.ask("MISATO1", "Basic ")).untilClosed();
    expect(bench.refusals).toEqual([]);
    for (let i = 0; i < 3; i += 1) await (await bench.ask("MISATO1", basic("tractor1", "typo"))).untilClosed();
    expect(bench.refusals).toHaveLength(1);
    bench.pass(1000);
    await (await bench.ask("MISATO1", basic("tractor1", "typo"))).untilClosed();
    expect(bench.refusals).toHaveLength(2);
  });
});

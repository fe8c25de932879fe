import { rmSync } from "node:fs";
import { join } from "node:path";
import { FrameSplitter, messageType } from "rtcm-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BaseHealth, RelayEvent } from "../../core/domain/live.ts";
import { ARP, basic, frame1006, msm, Peer } from "../correction-relay/support.ts";
import { ADMIN_PASSWORD, fieldSite } from "../support/field-site.ts";
import { eventually, killGroup, launch, type Ready, readyIn, type Service, startService } from "../support/service.ts";

const MOVED = { ...ARP, xM: ARP.xM + 0.011 };
const WAIT = { timeoutMs: 10_000 };
const antenna = { x: ARP.xM, y: ARP.yM, z: ARP.zM };
const epochAt = (ms: number): Uint8Array => msm(1077, ms, { announced: false });

const site = fieldSite({
  bases: ["B1", "B2"].map((mount) => ({ id: mount.toLowerCase(), mount, sourcePassword: "base-password-1", antenna })),
  rovers: [{ id: "r1", username: "r1", password: "rover-password-1", maxSessions: 0 }],
});

async function push(ntrip: number, mount: string): Promise<Peer> {
  const base = await Peer.open(ntrip);
  base.send(`SOURCE base-password-1 ${mount}\r\nSource-Agent: NTRIP test\r\n\r\n`);
  return base.untilText("ICY 200 OK\r\n\r\n");
}

async function join1(ntrip: number, mount: string): Promise<Peer> {
  const rover = await Peer.open(ntrip);
  rover.send(`GET /${mount} HTTP/1.0\r\nUser-Agent: NTRIP test\r\nAuthorization: ${basic("r1", "rover-password-1")}\r\n\r\n`);
  return rover.untilText("ICY 200 OK\r\n\r\n");
}

const typesAt = (rover: Peer): (number | null)[] => [...new FrameSplitter().push(rover.received)].map(messageType);

/** As the administrator. */
async function administrator(ready: Ready): Promise<<T>(method: string, path: string) => Promise<T>> {
  const at = (path: string): URL => new URL(`/api/v1/${path}`, ready.url);
  const body = JSON.stringify({ username: "admin", password: ADMIN_PASSWORD });
  const session = await fetch(at("session"), { method: "POST", headers: { "content-type": "application/json" }, body });
  const cookie = session.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  return async <T>(method: string, path: string): Promise<T> => {
    const answer = await fetch(at(path), { method, headers: { cookie } });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
}

describe("a base that says it stands elsewhere", () => {
  let service: Service;
  let ask: Awaited<ReturnType<typeof administrator>>;
  const peers: Peer[] = [];
  const kept = async (peer: Promise<Peer>): Promise<Peer> => {
    peers.push(await peer);
    return peer;
  };

  beforeAll(async () => {
    service = await startService({ site, env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } });
    ask = await administrator(service.ready);
  });
  afterAll(() => {
    for (const { socket } of peers) socket.destroy();
    killGroup(service);
  });

  const guardIs = (state: string) =>
    eventually(async () => (await ask<BaseHealth>("GET", "bases/b1/health")).truth?.guard.state === state, { ...WAIT, what: `a guard that is ${state}` });

  test("is stopped before a rover sees a byte of it; the driver hears why, and staff can look it up", async () => {
    const { ntrip } = service.ready;
    const rover = await kept(join1(ntrip, "B1"));
    const base = await kept(push(ntrip, "B1"));
    base.send(Buffer.concat([frame1006(), epochAt(1000)]));
    await rover.until(() => rover.received.includes(Buffer.from(epochAt(1000))), "an epoch");
    base.send(Buffer.concat([epochAt(2000), frame1006(0, MOVED), epochAt(3000)]));
    expect(await rover.untilClosed()).not.toContain(Buffer.from(frame1006(0, MOVED)).toString("latin1"));
    expect(typesAt(rover)).toEqual([1006, 1077, 1029]);
    expect(rover.received.toString("utf8")).toContain("1.1 cm");
    const told = await eventually(
      async () => (await ask<{ events: RelayEvent[] }>("GET", "bases/b1/events")).events.find(({ code }) => code === "arp-off-survey"),
      { ...WAIT, what: "the alarm in the history" },
    );
    expect(told).toMatchObject({ severity: "alarm", baseId: "b1" });
  });

  test("stays stopped though the relay dies and the base comes back as it was; staff lift it", async () => {
    const { ntrip } = service.ready;
    const [pid] = service.pidsOf("relay");
    process.kill(pid as number, "SIGKILL");
    await eventually(() => service.pidsOf("relay").some((p) => p !== pid), { ...WAIT, what: "another relay" });
    const base = await kept(eventually(() => push(ntrip, "B1").catch(() => undefined), { ...WAIT, what: "the base again" }));
    base.send(Buffer.concat([frame1006(), epochAt(4000)]));
    const refused = await kept(join1(ntrip, "B1"));
    await refused.untilClosed();
    expect(typesAt(refused)).toEqual([1029]);
    await ask("POST", "bases/b1/confirm");
    await guardIs("waiting"); // for a position that was sent after somebody looked
    const rover = await kept(join1(ntrip, "B1"));
    base.send(Buffer.concat([frame1006(), epochAt(5000)]));
    await rover.until(() => rover.received.includes(Buffer.from(epochAt(5000))), "an epoch");
    expect(typesAt(rover)).toEqual([1006, 1077]);
  });

  test("stays stopped where the relay stands alone with the catalog lost; the other base is served", async () => {
    const before = await kept(push(service.ready.ntrip, "B2"));
    before.send(Buffer.concat([frame1006(0, MOVED)]));
    await eventually(async () => (await ask<BaseHealth>("GET", "bases/b2/health")).truth?.guard.state === "stopped", { ...WAIT, what: "a stop" });
    await service.stop();
    for (const end of ["", "-shm", "-wal"]) rmSync(join(service.dataDir, `catalog.db${end}`), { force: true });
    const alone = launch({ dataDir: service.dataDir, args: ["--role", "relay"] });
    try {
      const { ntrip } = await eventually(() => readyIn(alone.output()), { timeoutMs: 20_000, what: "the relay alone" });
      const sound = await kept(push(ntrip, "B1"));
      const rover = await kept(join1(ntrip, "B1"));
      sound.send(Buffer.concat([frame1006(), epochAt(6000)]));
      await rover.until(() => rover.received.includes(Buffer.from(epochAt(6000))), "an epoch");
      const stopped = await kept(push(ntrip, "B2"));
      stopped.send(Buffer.concat([frame1006(), epochAt(7000)]));
      const refused = await kept(join1(ntrip, "B2"));
      await refused.untilClosed();
      expect(typesAt(refused)).toEqual([1029]);
    } finally {
      killGroup(alone);
    }
  });
});

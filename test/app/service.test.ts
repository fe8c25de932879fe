import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { eventually, freshFolder, killGroup, launch, type Service, signalGroup, startService } from "../support/service.ts";

const started: { child: Service["child"]; dataDir: string }[] = [];
afterEach(() => {
  for (const service of started.splice(0)) killGroup(service);
});
async function start(...args: Parameters<typeof startService>): Promise<Service> {
  const service = await startService(...args);
  started.push(service);
  return service;
}
const SITE = { site: { id: "test", name: { ja: "試験", en: "Test" } } };
const ROLES = ["relay", "field", "web"];
const alive = (service: Service): number[] => [...ROLES, "sim"].flatMap((role) => service.pidsOf(role));

describe("start and stop", () => {
  test.each([
    { to: "npm alone", signal: "SIGTERM" },
    { to: "npm alone", signal: "SIGINT" },
    { to: "the group", signal: "SIGTERM" },
    { to: "the group", signal: "SIGINT" },
  ] as const)("$signal to $to ends everything with exit 0", async ({ to, signal }) => {
    const service = await start({ through: "npm", site: SITE });
    for (const role of ROLES) expect(service.pidsOf(role)).toHaveLength(1);
    if (to === "npm alone") process.kill(service.child.pid as number, signal);
    else signalGroup(service.child, signal);
    expect(await service.exit).toEqual({ code: 0, signal: null });
    await eventually(() => alive(service).length === 0, { timeoutMs: 5000, what: "the roles to be gone" });
  });

  test("the ready line holds the ports in use; health is served there", async () => {
    const service = await start({ site: SITE });
    expect(service.ready).toMatchObject({ event: "ready", demo: false, http: expect.any(Number), mqtt: expect.any(Number), ntrip: expect.any(Number) });
    expect((await fetch(new URL("/livez", service.ready.url))).status).toBe(200);
    expect(await (await fetch(new URL("/readyz", service.ready.url))).json()).toMatchObject({ degraded: [] });
    expect(service.output()).toMatch(/admin \/ \S+/);
    const password = join(service.dataDir, "admin-password.txt");
    expect(statSync(password).mode & 0o777).toBe(0o600);
    expect(service.output()).toContain(readFileSync(password, "utf8").trim());
    await service.stop();
    const again = await start({ dataDir: service.dataDir, args: [] });
    expect(again.ready.demo).toBe(false); // a real site's catalog is there: no demo, no new password
    expect(again.output()).not.toContain("admin /");
    expect(again.pidsOf("sim")).toEqual([]);
  });

  test("a killed role is back on its port, and the others never stop", async () => {
    const service = await start({ site: SITE });
    for (const role of ROLES) {
      const others = ROLES.filter((r) => r !== role).map((r) => service.pidsOf(r)[0]);
      const [pid] = service.pidsOf(role);
      process.kill(pid as number, "SIGKILL");
      await eventually(() => service.pidsOf(role).some((p) => p !== pid), { timeoutMs: 5000, what: `${role} to be back` });
      expect(ROLES.filter((r) => r !== role).map((r) => service.pidsOf(r)[0])).toEqual(others);
    }
    await eventually(async () => (await fetch(new URL("/readyz", service.ready.url)).catch(() => undefined))?.status === 200, {
      timeoutMs: 10_000,
      what: "readyz",
    });
  });

  test("a killed supervisor leaves no role behind", async () => {
    const service = await start({ through: "npm", site: SITE });
    const role = service.pidsOf("relay")[0] as number;
    const supervisor = Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${role}/status`, "utf8"))?.[1]);
    process.kill(supervisor, "SIGKILL");
    await eventually(() => alive(service).length === 0, { timeoutMs: 5000, what: "the roles to end" });
    await service.exit;
    const again = await start({ dataDir: service.dataDir });
    expect(again.ready.http).toBeGreaterThan(0);
  });

  test("a second instance on the same data folder is refused with a sentence", async () => {
    const first = await start({ site: SITE });
    const second = launch({ dataDir: first.dataDir });
    expect(await second.exit).toMatchObject({ code: 1 });
    expect(second.output()).toMatch(/another Azemichi already runs on/);
    expect(first.pidsOf("relay")).toHaveLength(1);
  });

  test("a role can be started alone, once", async () => {
    const dataDir = freshFolder("alone");
    const relay = await start({ dataDir, site: SITE, args: ["--role", "relay"] });
    expect(relay.ready).toMatchObject({ role: "relay", ntrip: expect.any(Number) });
    const twice = launch({ dataDir, site: SITE, args: ["--role", "relay"] });
    expect(await twice.exit).toMatchObject({ code: 1 });
    const whole = launch({ dataDir, site: SITE });
    expect(await whole.exit).toMatchObject({ code: 1 });
    expect((await relay.stop()).code).toBe(0);
  });
});

describe("starts that are refused", () => {
  test.each([
    { name: "unknown key", options: { env: { AZEMICHI_HTPP_PORT: "1" } }, code: 2, says: /AZEMICHI_HTPP_PORT/ },
    { name: "unknown option", options: { args: ["--sight", "x"] }, code: 2, says: /--sight/ },
    { name: "unknown role", options: { args: ["--role", "tractor"] }, code: 2, says: /tractor/ },
    { name: "site file that is not there", options: { args: ["--site", "/nowhere/site.json"] }, code: 2, says: /\/nowhere\/site.json/ },
    { name: "site file that is not JSON", options: { site: "{" }, code: 2, says: /is not JSON/ },
    {
      name: "unknown key in the site file",
      options: { site: { ...SITE, plots: [{ id: "a", geometry: { type: "Polygon", coordinates: [] }, colour: 1 }] } },
      code: 2,
      says: /plots\[0\]\.colour: unknown key/,
    },
  ])("$name: exit $code, named", async ({ options, code, says }) => {
    const service = launch(options);
    expect(await service.exit).toEqual({ code, signal: null });
    expect(service.output()).toMatch(says);
  });

  test("a taken port is an error on a real site; nothing is left running", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const port = String((server.address() as { port: number }).port);
    const service = launch({ site: SITE, env: { AZEMICHI_NTRIP_PORT: port } });
    expect(await service.exit).toEqual({ code: 1, signal: null });
    expect(service.output()).toContain("AZEMICHI_NTRIP_PORT");
    expect(service.pidsOf("web")).toEqual([]);
    server.close();
  });

  test("a data folder of a newer version is refused with a sentence", async () => {
    const dataDir = freshFolder("newer");
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(join(dataDir, "catalog.db"));
    db.exec("PRAGMA user_version = 99");
    db.close();
    const service = launch({ dataDir });
    expect(await service.exit).toMatchObject({ code: 1 });
    expect(service.output()).toMatch(/newer Azemichi/);
    expect(existsSync(join(dataDir, "journal.db"))).toBe(false);
  });
});

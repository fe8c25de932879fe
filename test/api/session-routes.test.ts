import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashPassword, verifyPassword } from "../../core/runtime/secrets.ts";
import type { TestApi } from "./api-fixture.ts";
import { hashOf, testApi } from "./api-fixture.ts";
import { catalog } from "./town.ts";

let t: TestApi;
beforeEach(async () => {
  t = await testApi();
});
afterEach(() => t.close());

const logIn = (username: string, password: string, more: { headers?: Record<string, string>; remoteAddress?: string } = {}) =>
  t.app.inject({ method: "POST", url: "/api/v1/session", payload: { username, password }, ...more });
const me = async (cookie: string) => (await t.app.inject({ url: "/api/v1/me", headers: { cookie } })).json();

test("log in, be known, log out, be unknown", async () => {
  const answer = await logIn("sato", "sato-password");
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    user: { id: "u-sato", username: "sato", role: "farmer", party: "sato-farm" },
    access: "user",
    canSeeStaffPages: false,
    plainListeners: [],
  });
  expect(answer.headers["set-cookie"]).toBe("azemichi_session=token-1; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax");
  const cookie = "azemichi_session=token-1";
  expect((await me(cookie)).access).toBe("user");
  const out = await t.app.inject({ method: "DELETE", url: "/api/v1/session", headers: { cookie } });
  expect(out.statusCode).toBe(204);
  expect(out.headers["set-cookie"]).toMatch(/^azemichi_session=; .*Max-Age=0|Expires=Thu, 01 Jan 1970/);
  expect(await me(cookie)).toEqual({ user: null, access: "none", canSeeStaffPages: false, plainListeners: [] });
});

test("listeners without TLS that others reach are told to staff alone", async () => {
  await t.close();
  t = await testApi({ settings: { plainListeners: [{ what: "MQTT", bind: "0.0.0.0" }] } });
  expect((await me(await t.cookieOf("staff"))).plainListeners).toEqual([{ what: "MQTT", bind: "0.0.0.0" }]);
  expect((await me(await t.cookieOf("sato"))).plainListeners).toEqual([]);
  expect((await me("")).plainListeners).toEqual([]);
});

test("a second log-in in the same browser ends the first", async () => {
  const first = await t.cookieOf("sato");
  await logIn("staff", "staff-password", { headers: { cookie: first } });
  expect((await me(first)).access).toBe("none");
  expect((await me("azemichi_session=token-2")).user.username).toBe("staff");
});

test.each([
  ["TLS at a trusted proxy", { trustProxy: "127.0.0.1" }, { "x-forwarded-proto": "https" }],
  ["a public https address", { publicUrl: "https://town.example/" }, {}],
])("the cookie is Secure with %s", async (_, settings, headers) => {
  await t.close();
  t = await testApi({ settings });
  expect((await logIn("sato", "sato-password", { headers })).headers["set-cookie"]).toMatch(/; Secure/);
});

describe("all that is wrong with a log-in looks alike", () => {
  test.each([
    ["wrong password", "sato", "suzuki-password"],
    ["unknown user", "nobody", "sato-password"],
    ["the decoy's own password", "nobody", "a password that nobody has"],
    ["an account that has ended", "gone", "gone-password"],
  ])("%s", async (_, username, password) => {
    const answer = await logIn(username, password);
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toEqual({ type: "about:blank", title: "Unauthorized", status: 401, detail: "User name or password is wrong." });
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  test("a user without a password cannot log in with the decoy's", async () => {
    const town = catalog();
    await t.close();
    t = await testApi({ catalog: { ...town, users: town.users.map((u) => ({ ...u, passwordHash: null })) } });
    expect((await logIn("sato", "a password that nobody has")).statusCode).toBe(401);
  });

  test("and costs the same work", async () => {
    const hashes: string[] = [];
    await t.close();
    t = await testApi({
      verifyPassword: async (_, hash) => {
        hashes.push(hash);
        return false;
      },
    });
    await logIn("sato", "x");
    await logIn("nobody", "x");
    expect(hashes).toEqual([hashOf("sato-password"), hashOf("a password that nobody has")]);
  });
});

test("an account works to the end of its last day, and not after", async () => {
  const cookie = await t.cookieOf("last-day");
  t.clock.ms = Date.parse("2026-06-01T23:59:59+09:00");
  expect((await me(cookie)).access).toBe("user");
  t.clock.ms = Date.parse("2026-06-02T00:00:00+09:00");
  expect((await me(cookie)).access).toBe("none");
});

test("a user who is taken from the catalog is out at once", async () => {
  const cookie = await t.cookieOf("sato");
  t.setCatalog({ ...catalog(), users: catalog().users.filter((u) => u.username !== "sato") });
  expect((await me(cookie)).access).toBe("none");
});

test("the sixth guess waits, also on this machine, and the time to wait is told", async () => {
  for (let i = 0; i < 5; i += 1) expect((await logIn("sato", "guess")).statusCode).toBe(401);
  const held = await logIn("sato", "sato-password");
  expect(held.statusCode).toBe(429);
  expect(held.headers["retry-after"]).toBe("1");
  expect(held.json()).toMatchObject({ status: 429, title: "Too Many Requests" });
  expect((await logIn("suzuki", "suzuki-password")).statusCode).toBe(200);
  t.clock.ms += 1000;
  expect((await logIn("sato", "sato-password")).statusCode).toBe(200);
});

test("an address far away waits whatever account it tries", async () => {
  const far = { remoteAddress: "203.0.113.5" };
  for (let i = 0; i < 5; i += 1) await logIn(`guess-${i}`, "guess", far);
  expect((await logIn("sato", "sato-password", far)).statusCode).toBe(429);
  expect((await logIn("sato", "sato-password", { remoteAddress: "203.0.113.6" })).statusCode).toBe(200);
});

test("with argon2id as it is in service", async () => {
  const town = catalog();
  const passwordHash = await hashPassword("田んぼの道");
  await t.close();
  t = await testApi({ verifyPassword, catalog: { ...town, users: town.users.map((u) => ({ ...u, passwordHash })) } });
  expect((await logIn("sato", "田んぼの道")).statusCode).toBe(200);
  expect((await logIn("sato", "田んぼの路")).statusCode).toBe(401);
});

describe("changes asked for by another site's page", () => {
  const own = "localhost:80";
  test.each([
    ["a script", {}, 204],
    ["our page", { origin: `http://${own}`, "sec-fetch-site": "same-origin" }, 204],
    ["our page behind a proxy that ends TLS", { origin: `https://${own}` }, 204],
    ["the address bar", { "sec-fetch-site": "none" }, 204],
    ["a foreign page", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }, 403],
    ["a foreign page, old browser", { origin: "https://evil.example" }, 403],
    ["a foreign page that hides its origin", { origin: "null" }, 403],
    ["a sister site", { "sec-fetch-site": "same-site" }, 403],
    ["another port of this machine", { origin: "http://localhost:9999" }, 403],
    ["a page that says one thing and the browser another", { origin: `http://${own}`, "sec-fetch-site": "cross-site" }, 403],
    ["nonsense", { origin: "%%%" }, 403],
  ])("%s", async (_, headers, status) => {
    const cookie = await t.cookieOf("admin");
    const answer = await t.app.inject({ method: "DELETE", url: "/api/v1/session", headers: { host: own, cookie, ...headers } as Record<string, string> });
    expect(answer.statusCode).toBe(status);
    expect((await me(cookie)).access).toBe(status === 204 ? "none" : "user");
  });

  test("neither log-in nor import is done for them, and reading is no change", async () => {
    const foreign = { origin: "https://evil.example" };
    expect((await logIn("sato", "sato-password", { headers: foreign })).statusCode).toBe(403);
    const cookie = await t.cookieOf("admin");
    expect((await t.app.inject({ method: "PUT", url: "/api/v1/site", payload: {}, headers: { ...foreign, cookie } })).statusCode).toBe(403);
    expect((await t.app.inject({ url: "/api/v1/plots", headers: { ...foreign, cookie } })).statusCode).toBe(200);
    expect(t.metrics.get("azemichi_web_foreign_changes_refused_total")).toBe(2);
  });

  test("the public address is our own", async () => {
    await t.close();
    t = await testApi({ settings: { publicUrl: "https://azemichi.town.example/" } });
    expect((await logIn("sato", "sato-password", { headers: { origin: "https://azemichi.town.example" } })).statusCode).toBe(200);
  });
});

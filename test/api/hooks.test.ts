import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Hook, HookOutcome } from "../../api/hook-client.ts";
import type { Network } from "../../core/domain/site.ts";
import { hashOf, type TestApi, testApi } from "./api-fixture.ts";
import { catalog } from "./town.ts";

const TOKEN = "token-of-the-chirpstack";
const network = (id: string, token: string | null): Network => ({
  id,
  kind: null,
  mqttUsername: id,
  mqttTokenHash: "digest of its MQTT password",
  hookTokenHash: token === null ? null : hashOf(token),
  url: id === "ext" ? "mqtts://user:secret-of-a-broker@broker.example:8883" : null,
});

let t: TestApi;
let outcome: HookOutcome;
let kept: Hook[];
let looked: (string | null)[];
beforeEach(async () => {
  outcome = "journaled";
  kept = [];
  looked = [];
  t = await testApi({
    catalog: { ...catalog(), networks: [network("cs", TOKEN), network("sig", "token-of-sigfox"), network("ext", null)] },
    hooks: {
      submit: async (hook) => {
        kept.push({ ...hook, payload: Buffer.from(hook.payload) });
        return outcome;
      },
      isToken: (token, digest) => {
        looked.push(digest);
        return token !== "" && hashOf(token) === digest;
      },
    },
  });
});
afterEach(() => t.close());

interface Post {
  readonly token?: string | null;
  readonly type?: string | null;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}
async function post(url: string, { token = TOKEN, type = "application/json", body = '{"a":1}', headers = {} }: Post = {}) {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const contentType = type === null ? {} : { "content-type": type };
  return t.app.inject({ method: "POST", url, payload: body, headers: { ...authorization, ...contentType, ...headers } });
}

describe("POST /hooks/{kind}/{networkId}", () => {
  test.each([
    ["/hooks/chirpstack/cs?event=up", "application/json", {}, "hooks/chirpstack/up"],
    ["/hooks/chirpstack/cs?event=join", "application/json; charset=utf-8", {}, "hooks/chirpstack/join"],
    ["/hooks/chirpstack/cs?event=integration&other=1", "Application/JSON", {}, "hooks/chirpstack/integration"],
    ["/hooks/chirpstack/cs", "application/json", {}, "hooks/chirpstack/up"],
    ["/hooks/tts/cs", "application/json", {}, "hooks/tts/up"],
    ["/hooks/helium/cs", "application/json", {}, "hooks/helium/up"],
    ["/hooks/helium/cs?event=status", "application/json", {}, "hooks/helium/status"],
    ["/hooks/sigfox/cs", "application/json", {}, "hooks/sigfox/up"],
    ["/hooks/sigfox/cs", "text/plain;charset=UTF-8", {}, "hooks/sigfox/up"],
    ["/hooks/soracom/cs", "application/octet-stream", { "x-soracom-imsi": "440101234567890" }, "hooks/soracom/440101234567890"],
    ["/hooks/soracom/cs", "text/plain", { "X-Soracom-IMSI": "440101234567890" }, "hooks/soracom/440101234567890"],
    ["/hooks/soracom/cs", "application/json", {}, "hooks/soracom/up"],
    ["/hooks/sigfox/cs", null, {}, "hooks/sigfox/up"],
    ["/hooks/chirpstack/cs", "application/x-www-form-urlencoded", {}, "hooks/chirpstack/up"], // curl -d
    ["/hooks/tts/cs", "text/plain", {}, "hooks/tts/up"],
  ])("%s as %s %j is journaled as %s", async (url, type, headers, topic) => {
    const body = Buffer.from('{ "kept" : "as it came, 生のまま" }\n');
    const answer = await post(url, { type, headers, body });
    expect([answer.statusCode, answer.body]).toEqual([204, ""]);
    expect(kept.map(({ source, topic }) => ({ source, topic }))).toEqual([{ source: "cs", topic }]);
    expect(Buffer.from(kept[0]?.payload ?? []).equals(body)).toBe(true);
  });

  test("bytes that are no JSON and no text are kept as they came too: what they are is decided later", async () => {
    const bytes = Buffer.from([0, 255, 123, 10, 13]);
    expect((await post("/hooks/chirpstack/cs", { body: bytes })).statusCode).toBe(204);
    expect(Buffer.from(kept[0]?.payload ?? []).equals(bytes)).toBe(true);
  });

  test.each([
    ["a wrong token", "cs", "wrong"],
    ["no token", "cs", null],
    ["an empty token", "cs", ""],
    ["another network's token", "cs", "token-of-sigfox"],
    ["an unknown network", "nobody", TOKEN],
    ["a network without hooks", "ext", TOKEN],
    ["a token longer than any", "cs", "x".repeat(300)],
  ])("%s: 401, the same in every case, after the same look", async (_what, id, token) => {
    const answer = await post(`/hooks/chirpstack/${id}?event=up`, { token });
    expect([answer.statusCode, answer.headers["www-authenticate"], answer.json().detail]).toEqual([
      401,
      'Bearer realm="hooks"',
      "Send the network's hook token as `Authorization: Bearer TOKEN`.",
    ]);
    expect([kept.length, looked.length]).toEqual([0, 1]);
  });

  test.each([
    [{ url: "/hooks/lorawan/cs" }, 404, "There are hooks for chirpstack, tts, helium, sigfox, soracom."],
    [{ url: "/hooks/__proto__/cs" }, 404, "There are hooks for"],
    [{ url: "/hooks/chirpstack" }, 404, "nothing at this address"],
    [{ url: "/hooks/chirpstack/cs", body: "" }, 400, "empty"],
    [{ url: "/hooks/chirpstack/cs", type: "application/octet-stream" }, 415, "The body must be application/json"],
    [{ url: "/hooks/sigfox/cs", type: "multipart/form-data" }, 415, "application/json or text/plain"],
    [{ url: "/hooks/chirpstack/cs?event=UP" }, 400, "event"],
    [{ url: "/hooks/chirpstack/cs?event=../up" }, 400, "event"],
    [{ url: `/hooks/chirpstack/cs?event=${"a".repeat(21)}` }, 400, "event"],
    [{ url: "/hooks/chirpstack/cs?event=up&event=join" }, 400, "event"],
    [{ url: "/hooks/soracom/cs", headers: { "x-soracom-imsi": "../../440" } }, 400, "x-soracom-imsi"],
    [{ url: "/hooks/chirpstack/cs", body: "x".repeat(65_537) }, 413, "too large"],
  ] as const)("%j: %i", async (what, status, says) => {
    const { url, ...rest } = what;
    const answer = await post(url, rest);
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([status, "application/problem+json; charset=utf-8"]);
    expect(answer.json().detail).toContain(says);
    expect(kept).toEqual([]);
  });

  test("64 KiB are taken; other methods are named", async () => {
    expect((await post("/hooks/chirpstack/cs", { body: "x".repeat(65_536) })).statusCode).toBe(204);
    const get = await t.app.inject({ method: "GET", url: "/hooks/chirpstack/cs" });
    expect([get.statusCode, get.headers["allow"]]).toEqual([405, "POST"]);
  });

  test.each([
    ["refused", "10"],
    ["busy", "1"],
    ["unavailable", "2"],
  ] as const)("%s: 503 with Retry-After", async (given, retryAfter) => {
    outcome = given;
    const answer = await post("/hooks/chirpstack/cs?event=up");
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, retryAfter]);
    expect(t.metrics.get("azemichi_web_hooks_total", { kind: "chirpstack", outcome: given })).toBe(1);
  });

  test("nobody is let in before the body is read: 1 GB announced with a wrong token is answered at once", async () => {
    await t.app.listen({ host: "127.0.0.1", port: 0 });
    const socket = connect((t.app.server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(
      "POST /hooks/chirpstack/cs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer wrong\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\r\n{",
    );
    const first = await new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString("utf8"))));
    expect(first).toMatch(/^HTTP\/1\.1 401/);
    socket.destroy();
  });
});

describe("guessing", () => {
  const wrong = (): ReturnType<typeof post> => post("/hooks/chirpstack/cs", { token: "guess" });

  test("slows down from the fifth wrong token on; nobody looks at tokens meanwhile", async () => {
    for (let n = 0; n < 5; n += 1) expect((await wrong()).statusCode).toBe(401);
    const held = await wrong();
    expect([held.statusCode, held.headers["retry-after"], looked.length]).toEqual([429, "1", 5]);
    expect((await post("/hooks/sigfox/sig", { token: "token-of-sigfox" })).statusCode).toBe(429);
    t.clock.ms += 1001;
    expect((await wrong()).statusCode).toBe(401);
    t.clock.ms += 1001;
    expect((await wrong()).headers["retry-after"]).toBe("1"); // 2 s by now
    t.clock.ms += 3_600_001;
    expect((await wrong()).statusCode).toBe(401);
  });

  test("never costs a network an uplink whose right token came from that address before", async () => {
    expect((await post("/hooks/chirpstack/cs")).statusCode).toBe(204);
    for (let n = 0; n < 20; n += 1) await wrong();
    expect((await post("/hooks/chirpstack/cs")).statusCode).toBe(204);
    expect((await post("/hooks/chirpstack/nobody", { token: "guess" })).statusCode).toBe(429);
  });
});

describe("GET /api/v1/sources", () => {
  const state = {
    networkId: "ext",
    address: "mqtts://broker.example:8883",
    stage: "refused",
    connectedSince: null,
    lastMessageAt: null,
    qos: null,
    refusedFilters: [],
    lastError: "mqtts://broker.example:8883: the broker refuses user name or password",
    lastErrorAt: "2026-06-01T02:59:00.000Z",
    nextTryAt: "2026-06-01T03:00:00.000Z",
    sessionLostAt: null,
    counts: { uplinks: 0, repeats: 0, gatewayMessages: 0, unused: 0, cut: 0, lost: 0, connections: 0 },
  };
  const hook = { networkId: "cs", uplinks: 3, lastMessageAt: "2026-06-01T02:59:59.000Z" };

  test("tells staff how each network reaches us, without a secret; farmers nothing", async () => {
    t.api.sources.receive(Buffer.from(JSON.stringify({ brokers: [state], hooks: [hook] })));
    const cookie = await t.cookieOf("staff");
    const answer = await t.app.inject({ url: "/api/v1/sources", headers: { cookie } });
    expect(answer.json()).toEqual([
      { id: "cs", kind: null, mqttAccount: "cs", hook: { enabled: true, state: hook }, broker: null },
      { id: "sig", kind: null, mqttAccount: "sig", hook: { enabled: true, state: null }, broker: null },
      { id: "ext", kind: null, mqttAccount: "ext", hook: { enabled: false, state: null }, broker: state },
    ]);
    expect(answer.body).not.toMatch(/secret|hash of|digest/);
    expect(t.api.sources.troubles()).toEqual(["source ext: mqtts://broker.example:8883: the broker refuses user name or password"]);
    const farmer = await t.app.inject({ url: "/api/v1/sources", headers: { cookie: await t.cookieOf("sato") } });
    expect([farmer.statusCode, (await t.app.inject({ url: "/api/v1/sources" })).statusCode]).toEqual([403, 401]);
  });

  test.each(["", "{", "[]", '{"brokers":[{}],"hooks":[]}'])("what is no word of field (%j) changes nothing", (text) => {
    t.api.sources.receive(Buffer.from(JSON.stringify({ brokers: [state], hooks: [] })));
    t.api.sources.receive(Buffer.from(text));
    expect(t.api.sources.current().brokers).toEqual([state]);
    expect(t.metrics.get("azemichi_web_bus_malformed_total")).toBe(1);
  });
});

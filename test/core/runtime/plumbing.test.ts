import { describe, expect, test } from "vitest";
import { AzemichiError } from "../../../core/domain/errors.ts";
import { createLog, silentLog } from "../../../core/runtime/log.ts";
import { Metrics, renderPrometheus } from "../../../core/runtime/metrics.ts";
import { Resources } from "../../../core/runtime/resource.ts";
import { decoyHash, equalSecrets, hashPassword, newToken, tokenDigest, verifyPassword } from "../../../core/runtime/secrets.ts";

describe("resources", () => {
  test("close in reverse, even if one fails or hangs; closing twice is closing once", async () => {
    const resources = new Resources(silentLog);
    const closed: string[] = [];
    for (const name of ["a", "b", "c"]) resources.use(name, name, (n) => void closed.push(n));
    resources.use("failing", 0, () => {
      throw new TypeError("no");
    });
    resources.use("hanging", 0, () => new Promise(() => {}));
    await Promise.all([resources.close(20), resources.close(20)]);
    expect(closed).toEqual(["c", "b", "a"]);
  });
});

describe("log", () => {
  test("one line per event with fields of parent and child; errors as name, message, code and cause", () => {
    const lines: string[] = [];
    const log = createLog({ level: "info", base: { role: "relay" }, write: (line) => lines.push(line) }).child({ mount: "M1" });
    log.debug("not said");
    log.warn("trouble", { error: new AzemichiError("PORT_TAKEN", "port 1", { cause: new TypeError("why") }) });
    expect(lines.map((l) => JSON.parse(l))).toEqual([
      {
        at: expect.any(String),
        level: "warn",
        event: "trouble",
        role: "relay",
        mount: "M1",
        error: { name: "AzemichiError", message: "port 1", code: "PORT_TAKEN", cause: { name: "TypeError", message: "why" } },
      },
    ]);
  });
});

describe("metrics", () => {
  test("count, gauge, render; label values are escaped", () => {
    const metrics = new Metrics();
    metrics.count("azemichi_a_total", { mount: 'x"\\\n' });
    metrics.count("azemichi_a_total", { mount: 'x"\\\n' }, 2);
    metrics.gauge("azemichi_b", 5);
    expect(renderPrometheus(new Map([["relay", metrics.samples()]]))).toBe(
      'azemichi_a_total{role="relay",mount="x\\"\\\\\\n"} 3\nazemichi_b{role="relay"} 5\n',
    );
  });

  test("label sets are bounded: the rest is counted together", () => {
    const metrics = new Metrics();
    for (let i = 0; i < 600; i += 1) metrics.count("azemichi_c_total", { device: String(i) });
    expect(metrics.samples()).toHaveLength(501);
    expect(metrics.get("azemichi_c_total", { label: "overflow" })).toBe(100);
  });
});

describe("secrets", () => {
  test("argon2id in PHC form; only the right password is right", async () => {
    const hash = await hashPassword("田んぼの水");
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w-]+\$[\w-]+$/);
    expect(await verifyPassword("田んぼの水", hash)).toBe(true);
    expect(await verifyPassword("田んぼの氷", hash)).toBe(false);
    expect(await verifyPassword("", decoyHash())).toBe(false);
    expect(await verifyPassword("x", "plain text")).toBe(false);
    expect(await hashPassword("田んぼの水")).not.toBe(hash);
  });

  test("digests are bound to the key; tokens hold 256 bits", () => {
    expect(tokenDigest(Buffer.alloc(32, 1), "t")).not.toBe(tokenDigest(Buffer.alloc(32, 2), "t"));
    expect(Buffer.from(newToken(), "base64url")).toHaveLength(32);
    expect([equalSecrets("a", "a"), equalSecrets("a", "b"), equalSecrets("a", "aa")]).toEqual([true, false, false]);
  });
});

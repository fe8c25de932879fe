import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../../core/runtime/log.ts";
import { tokenDigest } from "../../core/runtime/secrets.ts";
import { Accounts, mayJoin, type Peer, roverNamed } from "../../correction-relay/accounts.ts";
import { LoginBackoff } from "../../correction-relay/login-backoff.ts";
import { VerifiedSecrets } from "../../correction-relay/verified-secrets.ts";
import { baseOf, catalogOf, hashPassword, KEY, roverOf } from "./support.ts";

const FAR: Peer = { address: "203.0.113.7", loopback: false };
const NEAR: Peer = { address: "127.0.0.1", loopback: true };

let hash = "";
beforeAll(async () => {
  hash = await hashPassword("right");
});

function bench() {
  let nowMs = Date.UTC(2026, 10, 23, 14, 59, 59); // 23:59:59 in Japan
  const accounts = new Accounts({ key: KEY, nowMs: () => nowMs });
  const catalog = catalogOf(
    [],
    [roverOf("known", { password: { hash, digest: null } }), roverOf("until-today", { expiresOn: "2026-11-23" }), roverOf("locked", { password: null })],
  );
  return {
    login: async (username: string, password: string, peer = FAR) => {
      const verdict = await accounts.rover(catalog, { username, password }, peer);
      return verdict.kind === "accepted" ? verdict.account.id : verdict.reason;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("accounts", () => {
  test("argon2id once, then by digest; a wrong password stays wrong", async () => {
    const { login } = bench();
    expect(await login("known", "right")).toBe("known");
    expect(await login("known", "wrong")).toBe("wrong");
    expect(await login("known", "right")).toBe("known");
  });

  test("an unknown user, and one without a password, are refused like a wrong password", async () => {
    const { login } = bench();
    expect(await login("nobody", "right")).toBe("wrong");
    expect(await login("locked", "")).toBe("wrong");
  });

  test("200 at once with one secret are one question", async () => {
    const { login } = bench();
    const all = await Promise.all(Array.from({ length: 200 }, () => login("known", "right")));
    expect(new Set(all)).toEqual(new Set(["known"]));
  });

  test("the last day counts, in the site's own time", async () => {
    const { login, pass } = bench();
    expect(await login("until-today", "rover-secret")).toBe("until-today");
    pass(1000);
    expect(await login("until-today", "rover-secret")).toBe("expired");
  });

  test("guessing backs off; the address beside it and loopback do not notice", async () => {
    const { login, pass } = bench();
    for (let i = 0; i < 5; i += 1) expect(await login("known", `guess ${i}`)).toBe("wrong");
    expect(await login("known", "right")).toBe("back-off");
    expect(await login("known", "right", { address: "203.0.113.8", loopback: false })).toBe("known");
    expect(await login("known", "right", NEAR)).toBe("known");
    pass(1001);
    expect(await login("known", "right")).toBe("known");
  });

  test("a console that repeats its one wrong password locks nobody out", async () => {
    const { login } = bench();
    for (let i = 0; i < 50; i += 1) expect(await login("known", "typo")).toBe("wrong");
    expect(await login("known", "right")).toBe("known");
  });
});

describe("a password that is changed", () => {
  test("to what was wrong before lets in at once", async () => {
    const accounts = new Accounts({ key: KEY, nowMs: () => 0 });
    const login = async (password: { hash: string; digest: null }) =>
      (await accounts.rover(catalogOf([], [roverOf("known", { password })]), { username: "known", password: "right" }, FAR)).kind;
    expect(await login({ hash: await hashPassword("other"), digest: null })).toBe("refused");
    expect(await login({ hash, digest: null })).toBe("accepted");
  });
});

describe("back-off", () => {
  const guess = (n: number) => ({ account: "a", address: "b", digest: String(n) });

  test("doubles to a minute, and is forgotten after a quarter of an hour", () => {
    let nowMs = 0;
    const backoff = new LoginBackoff(() => nowMs);
    const waits: number[] = [];
    for (let n = 0; n < 14; n += 1) {
      backoff.failed(guess(n));
      let waitMs = 0;
      while (backoff.standing(guess(99)) === "back-off") {
        waitMs += 1000;
        nowMs += 1000;
      }
      waits.push(waitMs / 1000);
    }
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    backoff.failed(guess(50));
    nowMs += 15 * 60_000 + 1;
    expect(backoff.standing(guess(50))).toBe("free");
  });

  test("holds a bounded number of addresses", () => {
    const backoff = new LoginBackoff(() => 0);
    for (let n = 0; n < 20_000; n += 1) backoff.failed({ account: "a", address: String(n), digest: "x" });
    expect(backoff.standing({ account: "a", address: "0", digest: "x" })).toBe("free");
    expect(backoff.standing({ account: "a", address: "19999", digest: "x" })).toBe("known-wrong");
  });
});

describe("user names", () => {
  const catalog = catalogOf(
    [],
    [roverOf("r1", { username: "sato@example.jp" }), roverOf("r2", { username: "kato-at-example.jp" }), roverOf("r3", { username: "kato@example.jp" })],
  );

  test.each([
    ["sato@example.jp", "r1"],
    ["sato-at-example.jp", "r1"],
    ["sato%40example.jp", "r1"],
    ["sato-AT-example.jp", "r1"],
    ["kato-at-example.jp", "r2"], // what is exactly right comes first
    ["kato@example.jp", "r3"],
    ["SATO@example.jp", undefined],
    ["", undefined],
  ])("%s", (username, id) => expect(roverNamed(catalog, username)?.id).toBe(id));
});

describe("mounts of an account", () => {
  test.each([
    [["*"], "ANY", null, true],
    [["A"], "A", null, true],
    [["A"], "B", null, false],
    [["A"], "A_M4", "A", true],
    [["A_L"], "A", null, false],
    [["A_L"], "A_L", "A", true],
    [[], "A", null, false],
  ] as const)("%j: %s, a form of %s: %s", (mounts, name, variantOf, allowed) => {
    expect(mayJoin(roverOf("r", { mounts }), { name, variantOf })).toBe(allowed);
  });
});

describe("what was verified", () => {
  const folder = mkdtempSync(join(tmpdir(), "azemichi-verified-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let files = 0;
  const freshPath = (): string => join(folder, `relay-${++files}`, "verified-secrets.json");
  const open = (path: string, more: { entriesMax?: number; writeAfterMs?: number } = {}): VerifiedSecrets =>
    VerifiedSecrets.open({ path, log: silentLog, ...more });

  test("200 rovers, imported by hash alone, reconnect at once after a restart without one argon2id", async () => {
    const path = freshPath();
    // Hashes that no password fits: what is let in was known by its digest.
    const rovers = Array.from({ length: 200 }, (_, n) => roverOf(`t${n}`, { password: { hash: `$argon2id$of t${n}`, digest: null } }));
    const before = open(path);
    for (const { id } of rovers) before.remember(`$argon2id$of ${id}`, tokenDigest(KEY, `secret of ${id}`));
    await before.close();

    const accounts = new Accounts({ key: KEY, verified: open(path), nowMs: () => 0 });
    const catalog = catalogOf([], rovers);
    const verdicts = await Promise.all(rovers.map(({ id }) => accounts.rover(catalog, { username: id, password: `secret of ${id}` }, FAR)));
    expect(verdicts.every(({ kind }) => kind === "accepted")).toBe(true);
  });

  test("is learned by the first log-in, of a rover and of a base, and kept for the next start", async () => {
    const path = freshPath();
    const password = { hash, digest: null };
    const login = async (verified: VerifiedSecrets) => {
      const accounts = new Accounts({ key: KEY, verified, nowMs: () => 0 });
      const rover = await accounts.rover(catalogOf([], [roverOf("r", { password })]), { username: "r", password: "right" }, FAR);
      const base = await accounts.base(baseOf("M", { sourcePassword: password }), "right", FAR);
      return [rover.kind, base.kind];
    };
    const first = open(path);
    expect(await login(first)).toEqual(["accepted", "accepted"]);
    await first.close();
    const second = open(path);
    expect([second.size, second.digestFor(hash)]).toEqual([1, tokenDigest(KEY, "right")]);
    expect(await login(second)).toEqual(["accepted", "accepted"]);
  });

  test("a digest of another folder's key lets nobody in by itself, and is replaced", async () => {
    const verified = open(freshPath());
    verified.remember(hash, tokenDigest(Buffer.from("another key"), "right"));
    const accounts = new Accounts({ key: KEY, verified, nowMs: () => 0 });
    const base = baseOf("M", { sourcePassword: { hash, digest: null } });
    expect((await accounts.base(base, "wrong", FAR)).kind).toBe("refused");
    expect((await accounts.base(base, "right", FAR)).kind).toBe("accepted");
    expect(verified.digestFor(hash)).toBe(tokenDigest(KEY, "right"));
    await verified.close();
  });

  test("the file is its owner's alone, whole, and nothing else lies beside it", async () => {
    const path = freshPath();
    const verified = open(path);
    verified.remember("$h", "a".repeat(64));
    await verified.close();
    await verified.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(path, ".."))).toEqual(["verified-secrets.json"]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ secrets: [["$h", "a".repeat(64)]] });
  });

  test("is written by itself a moment after it was learned", async () => {
    const path = freshPath();
    const verified = open(path, { writeAfterMs: 1 });
    verified.remember("$h", "b".repeat(64));
    while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
    await verified.close();
    expect(open(path).digestFor("$h")).toBe("b".repeat(64));
  });

  test("the longest unused goes first, and what no account has any more", async () => {
    const path = freshPath();
    const verified = open(path, { entriesMax: 3 });
    for (const n of [1, 2, 3]) verified.remember(`$${n}`, String(n).repeat(64));
    verified.digestFor("$1");
    verified.remember("$4", "4".repeat(64));
    expect(["$1", "$2", "$3", "$4"].map((h) => verified.digestFor(h) !== undefined)).toEqual([true, false, true, true]);
    verified.keepOnly(new Set(["$4", "$9"]));
    await verified.close();
    expect(open(path).size).toBe(1);
  });

  test.each([
    ["absent", null],
    ["empty", ""],
    ["cut short", '{"secrets":[["$h","'],
    ["another's", '{"secrets":5}'],
    ["null", "null"],
    ["entries that are none", '{"secrets":[1,["$h"],["$h","short"],["$h",5],null]}'],
  ])("a file that is %s begins anew and is written over", async (_, content) => {
    const path = freshPath();
    const verified = open(path);
    verified.remember("$x", "c".repeat(64));
    await verified.close();
    if (content === null) rmSync(path);
    else writeFileSync(path, content);
    const again = open(path);
    expect(again.size).toBe(0);
    again.remember("$y", "d".repeat(64));
    await again.close();
    expect(open(path).size).toBe(1);
  });

  test("any bytes in the file are survived", () => {
    const path = freshPath();
    const verified = open(path);
    verified.remember("$x", "c".repeat(64));
    return verified.close().then(() =>
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(Buffer.from)), (bytes) => {
          writeFileSync(path, bytes);
          expect(open(path).size).toBe(0);
        }),
        { numRuns: 50 },
      ),
    );
  });

  test("a disk that refuses stops nothing", async () => {
    const path = freshPath();
    const first = open(path);
    first.remember("$x", "c".repeat(64));
    await first.close();
    chmodSync(join(path, ".."), 0o500);
    const verified = open(join(path, "below-a-file"));
    verified.remember("$y", "d".repeat(64));
    await verified.close();
    expect(verified.digestFor("$y")).toBe("d".repeat(64));
    chmodSync(join(path, ".."), 0o700);
  });
});

describe("a flood of log-ins", () => {
  test("one address does not fill the queue of verifications: who is over is told to come again", async () => {
    const accounts = new Accounts({ key: KEY, nowMs: () => 0, verifications: { atOnce: 1, waiting: 5, ofOneAddress: 3 } });
    const catalog = catalogOf([], [roverOf("known", { password: { hash, digest: null } })]);
    const login = async (username: string, password: string, peer: Peer) => {
      const verdict = await accounts.rover(catalog, { username, password }, peer);
      return verdict.kind === "accepted" ? "in" : verdict.reason;
    };
    const flood = [1, 2, 3, 4, 5].map((n) => login("known", `guess ${n}`, FAR));
    const others = [1, 2, 3].map((n) => login(n === 1 ? "known" : "nobody", n === 1 ? "right" : `guess ${n}`, { address: `203.0.113.${n}`, loopback: false }));
    const late = login("known", "right, too", NEAR);
    expect(await Promise.all([...flood, ...others, late])).toEqual(["wrong", "wrong", "wrong", "busy", "busy", "in", "wrong", "wrong", "busy"]);
    expect(await login("known", "right", FAR)).toBe("in");
  });

  test("the same question asked many times at once is answered once, whoever asks", async () => {
    const accounts = new Accounts({ key: KEY, nowMs: () => 0, verifications: { atOnce: 1, waiting: 1, ofOneAddress: 1 } });
    const catalog = catalogOf([], [roverOf("known", { password: { hash, digest: null } })]);
    const all = await Promise.all(Array.from({ length: 50 }, () => accounts.rover(catalog, { username: "known", password: "typo" }, FAR)));
    expect(all.every((verdict) => verdict.kind === "refused" && verdict.reason === "wrong")).toBe(true);
    const right = await accounts.rover(catalog, { username: "known", password: "right" }, FAR);
    expect(right.kind).toBe("accepted"); // it was one guess
  });
});

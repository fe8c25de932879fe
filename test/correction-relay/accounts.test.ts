import { beforeAll, describe, expect, test } from "vitest";
import { Accounts, type Peer } from "../../correction-relay/accounts.ts";
import { LoginBackoff } from "../../correction-relay/login-backoff.ts";
import { catalogOf, hashPassword, KEY, roverOf } from "./support.ts";

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

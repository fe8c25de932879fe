import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { BaseHealth, RoverState } from "../../core/domain/live.ts";
import { launchBrowser } from "../support/chromium.ts";
import { describeNeeding } from "../support/requirements.ts";
import { DESK, openWatched, PHONE, type WatchedPage } from "./support/browser.ts";
import { type BuiltPage, buildPage } from "./support/built-page.ts";
import { baseHealth, baseTruth, fixtureConfig, fixtureMe, fixtureSnapshot, roverService, roverState, STOP_NOW } from "./support/fixture-field.ts";
import { type FixtureServer, startFixtureServer } from "./support/fixture-server.ts";

const NOW = Date.parse("2026-06-11T21:05:12Z"); // 6:05:12 in Misato
const STAFF = { ...fixtureMe, user: { id: "u2", username: "yakuba", role: "staff", party: null }, canSeeStaffPages: true } as const;
const BUMPED = { code: "base-bumped", ja: "基準局のアンテナが4.0 cm動いたため補正を止めました", en: "Base antenna moved by 4.0 cm. Corrections stopped" };
const STOPPED = baseTruth(NOW, { guard: { ...baseTruth(NOW).guard, state: "stopped", reason: BUMPED }, verdict: "bad" });

describeNeeding(["chromium"], "corrections, in a real browser", () => {
  let built: BuiltPage;
  let browser: Browser;
  let server: FixtureServer;
  let opened: WatchedPage[];

  beforeAll(async () => {
    built = await buildPage();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await built?.remove();
  });
  beforeEach(async () => {
    opened = [];
    server = await startFixtureServer(built.dir, {
      me: fixtureMe,
      config: fixtureConfig,
      snapshot: () => fixtureSnapshot(NOW),
      password: "-",
      trouble: "none",
    });
  });
  afterEach(async () => {
    for (const { page, errors } of opened) {
      expect(errors).toEqual([]);
      await page.context().close();
    }
    await server.close();
  });

  function shows(of: { health?: Partial<BaseHealth>; rover?: Partial<RoverState>; stoppedAt?: string }): void {
    const snapshot = fixtureSnapshot(NOW);
    const bases = snapshot.bases.map((b) => ({ ...b, stoppedAt: of.stoppedAt ?? null, health: baseHealth(NOW, of.health) }));
    const rovers = snapshot.rovers.map((r) => (r.id === "tractor-1" ? { ...r, state: roverState(r.id, NOW, of.rover) } : r));
    server.state.snapshot = () => ({ ...snapshot, bases, rovers });
  }
  async function open(path: string, viewport = PHONE as { width: number; height: number }): Promise<Page> {
    const watched = await openWatched(browser, server.url + path, { viewport, clockAtMs: NOW });
    watched.page.setDefaultTimeout(10_000);
    opened.push(watched);
    return watched.page;
  }
  const panel = (page: Page) => page.locator(".panel");

  test("a base tells its guard, its verdict with the evidence, and what happened; a farmer sees no orders", async () => {
    const page = await open("?tab=base&base=misato1");
    await page.getByText("測量済・確認済").waitFor();
    await expect
      .poll(() => panel(page).textContent())
      .toMatch(/◆\s*注意[\s\S]*2 mm[\s\S]*4 mm[\s\S]*差 1\.8 m\(高さ -90 cm\) 10 m以内で合っています[\s\S]*44\.2 dB-Hz/);
    await expect.poll(() => panel(page).textContent()).toMatch(/この1時間に補正の抜けがあります値 0\.0123\(目安 0\.005\)/);
    await page.getByText("基準局の位置が測量値と4.0 cm違うため補正を止めました").waitFor();
    expect(await page.getByRole("button", { name: /停止|再開|再確認|一覧/ }).count()).toBe(0);
  });

  test("a base that the guard stopped is never shown as arriving, and says why", async () => {
    shows({ health: { truth: STOPPED } });
    const page = await open("?tab=base&base=misato1");
    await page.locator(".panel__sentence", { hasText: "この基地局の補正は止めています(6:05:12 時点)" }).waitFor();
    await page.locator(".truth__guard", { hasText: BUMPED.ja }).waitFor();
    expect(await page.getByText("正常に届いています").count()).toBe(0);
    await page.goto(`${server.url}?lang=en`);
    await page.getByText("Corrections of this base are stopped (as of 6:05:12)").waitFor();
  });

  test("staff are asked before an order goes out, and told that it is recorded", async () => {
    server.state.me = STAFF;
    shows({ health: { truth: STOPPED } });
    const page = await open("?base=misato1", DESK);
    const posts = () => server.requests.filter((r) => r.startsWith("POST"));
    await page.getByRole("button", { name: "確認して再開" }).click();
    await page.getByRole("dialog", { name: /アンテナと位置を確かめましたか/ }).waitFor();
    await page.getByRole("button", { name: "やめる" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(posts()).toEqual([]);
    await page.getByRole("button", { name: "確認して再開" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "確認して再開" }).click();
    await page.getByText("記録しました(6:05:12)").waitFor();
    expect(posts()).toEqual(["POST /api/v1/bases/misato1/confirm"]);
    await page.getByRole("button", { name: "全基準局を再確認" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "全基準局を再確認" }).click();
    await expect.poll(posts).toEqual(["POST /api/v1/bases/misato1/confirm", "POST /api/v1/bases/recheck"]);
  });

  test("a base that staff stopped can be started again, and tells since when", async () => {
    server.state.me = STAFF;
    shows({ stoppedAt: "2026-06-11T20:00:00.000Z" });
    const page = await open("?base=misato1", DESK);
    await page.getByText("職員が 6/12 5:00 に止めました。").waitFor();
    await page.getByRole("button", { name: "再開", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "再開" }).click();
    await page.getByText("記録しました").waitFor();
    expect(server.requests).toContain("POST /api/v1/bases/misato1/start");
  });

  test("an order that the server refuses is said in plain words", async () => {
    server.state.me = STAFF;
    const page = await open("?base=misato1", DESK);
    await page.getByRole("button", { name: "停止" }).click();
    server.state.me = fixtureMe; // the account has changed meanwhile
    await page.getByRole("dialog").getByRole("button", { name: "停止" }).click();
    await page.getByText("この操作は許されていません。").waitFor();
    opened[0] = { ...(opened[0] as WatchedPage), errors: [] }; // the browser writes the 403 into its console
  });

  test("staff find the raw files by the hour", async () => {
    server.state.me = STAFF;
    const page = await open("?base=misato1", DESK);
    await page.getByRole("button", { name: "一覧を出す" }).click();
    const link = page.getByRole("link", { name: "6/12 5:00 (2.7 MB)" });
    expect(await link.getAttribute("href")).toBe("api/v1/bases/misato1/archive/2026-06-11T20Z.rtcm3");
    await page.getByRole("link", { name: /6\/12 6:00 \(0\.2 MB, 記録中\)/ }).waitFor();
  });

  test("a tractor tells what ails it, how it is served, which bases it had, and its FIX by plot", async () => {
    const page = await open("?tab=base&rover=tractor-1");
    await page.locator(".diagnosis", { hasText: "補正は正常に届いています。 6:05:12 時点" }).waitFor();
    await expect
      .poll(() => panel(page).textContent())
      .toMatch(/FIELD[\s\S]*北の3番[\s\S]*JGD2011@元期[\s\S]*31 ms[\s\S]*212 ms[\s\S]*なし → 町役場[\s\S]*北の3番FIX 97 %\(1時間\)[\s\S]*田んぼの外FIX 0 %/);
  });

  test("止めてください stands first: on every screen, on the tractor's card and in its panel", async () => {
    shows({ rover: { service: roverService(NOW, { notice: STOP_NOW }) } });
    const page = await open("");
    await page.getByRole("alert").getByText("止めてください。基準局の異常で補正を終えました").waitFor();
    await page.getByRole("alert").getByRole("link").click();
    await page.locator(".panel .stop-banner").waitFor();
    const first = await panel(page).evaluate((p) => p.querySelector("h2")?.nextElementSibling?.textContent);
    expect(first).toBe(STOP_NOW.ja);
    await page.goto(`${server.url}?tab=base&lang=en`);
    await page.locator(".card--station", { hasText: "Stop. Corrections have ended: base failed" }).waitFor();
  });

  test("a tractor that uses another station is told of", async () => {
    shows({ rover: { service: roverService(NOW, { otherStation: 77 }) } });
    const page = await open("?tab=base&rover=tractor-1");
    await page.locator(".notice", { hasText: "受信機は別の基地局(局番号 77)の補正を使っています。" }).waitFor();
  });
});

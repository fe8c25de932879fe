import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { silenceWords } from "../../core/domain/silence-words.ts";
import { launchBrowser } from "../support/chromium.ts";
import { describeNeeding } from "../support/requirements.ts";
import { DESK, openWatched, PHONE, type WatchedPage } from "./support/browser.ts";
import { type BuiltPage, buildPage } from "./support/built-page.ts";
import { baseHealth, deviceState, fixtureConfig, fixtureMe, fixtureSnapshot, reading, roverState, withSilences } from "./support/fixture-field.ts";
import { type FixtureServer, startFixtureServer } from "./support/fixture-server.ts";

const NOW = Date.parse("2026-06-11T21:05:12Z"); // 6:05:12 in Misato
const ARRIVES_MS = 10_000;

describeNeeding(["chromium"], "the page in a real browser", () => {
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
    const snapshot = fixtureSnapshot(NOW);
    server = await startFixtureServer(built.dir, {
      me: fixtureMe,
      config: fixtureConfig,
      snapshot: () => snapshot,
      password: "tanbo-no-mizu",
      trouble: "none",
    });
  });
  afterEach(async () => {
    for (const { page } of opened) await page.context().close();
    await server.close();
  });

  /** The page at a clock that stands at NOW until the test moves it. */
  async function open(path: string, viewport: { width: number; height: number }): Promise<WatchedPage> {
    const watched = await openWatched(browser, server.url + path, { viewport, clockAtMs: NOW });
    watched.page.setDefaultTimeout(ARRIVES_MS);
    opened.push(watched);
    return watched;
  }
  /** Publishes once the stream is open (what is said before goes unheard), and lets the page's clock run until `sign` stands there. */
  async function arrives(page: Page, publish: () => void, sign: Locator): Promise<void> {
    await page.getByText("受信中").first().waitFor();
    publish();
    await runsUntil(page, sign, 200);
  }
  /** The page's clock stands until it is told to run: in steps, since what the page waits for may come late. */
  async function runsUntil(page: Page, sign: Locator, stepMs: number): Promise<void> {
    const seen = async (): Promise<number> => {
      await page.clock.runFor(stepMs);
      return sign.count();
    };
    await expect.poll(seen, { timeout: ARRIVES_MS }).toBeGreaterThan(0);
  }
  const card = ({ page }: WatchedPage, name: string) => page.locator(".card", { hasText: name });

  test("a farmer's phone answers first: how many paddies, which, how deep, how old", async () => {
    const phone = await open("", PHONE);
    const { page } = phone;
    await page.getByRole("heading", { name: "今日、水を見る田んぼ 4枚 (全13枚)" }).waitFor();
    expect(await page.locator(".cards--look .card__name").allTextContents()).toEqual(["中の1番", "北の3番", "沢の田", "東の1番"]);
    await expect.poll(() => card(phone, "北の3番").textContent()).toMatch(/▼\s*少ない\s*北の3番\s*1\.5 cm\s*水が少なくなっています。\s*10分前/);
    await expect.poll(() => card(phone, "東の1番").textContent()).toMatch(/✕\s*データなし[\s\S]*データが6時間届いていません。水位はわかりません。/);
    await expect.poll(() => page.getByText("補正は正常に届いています(6:05:12 時点)").count()).toBe(1);
    expect(phone.errors).toEqual([]);
    expect(phone.foreign).toEqual([]);
  });

  test("a value that arrives is seen without a reload", async () => {
    const phone = await open("", PHONE);
    await card(phone, "北の1番").getByText("3.4").waitFor();
    const fallen = [reading("level-1", "plot-1", "water.level", 0.7, NOW)];
    await arrives(phone.page, () => server.publish("reading", fallen), card(phone, "北の1番").getByText("0.7"));
    await phone.page.locator(".cards--look", { hasText: "北の1番" }).waitFor();
    expect(server.requests.filter((r) => r === "GET /")).toHaveLength(1);
    expect(phone.errors).toEqual([]);
  });

  test("what is old turns to ✕ by the passing of time, and nothing unknown is shown as good", async () => {
    const phone = await open("", PHONE);
    await card(phone, "北の1番").getByText("よい", { exact: true }).waitFor();
    const later = { ...server.state.snapshot(), at: new Date(NOW + 32 * 60_000).toISOString() }; // the server lives, the sensors have fallen silent
    server.state.snapshot = () => later;
    await phone.page.clock.fastForward(32 * 60_000);
    await runsUntil(phone.page, card(phone, "北の1番").getByText("データなし"), 1000);
    await phone.page.getByText("補正の様子がわかりません(最後の知らせ 6:05:12)").waitFor();
    expect(await phone.page.locator('.mark[data-tone="ok"]').count()).toBe(0);
  });

  test("when nothing comes any more a banner says so and since when, and it goes when data are back", async () => {
    const phone = await open("", PHONE);
    await phone.page.getByText("受信中").waitFor();
    server.state.trouble = "down";
    server.cutStreams();
    await runsUntil(phone.page, phone.page.getByText("6/12 6:05 から新しいデータが届いていません。"), 1000);
    server.state.trouble = "none";
    await runsUntil(phone.page, phone.page.getByText("受信中"), 1000);
    await expect.poll(() => phone.page.locator(".live-banner").count()).toBe(0);
  });

  test("behind a proxy that swallows streams the page polls and says so", async () => {
    server.state.trouble = "mute";
    const phone = await open("", PHONE);
    await card(phone, "北の1番").waitFor();
    for (let stream = 1; stream <= 3; stream++) {
      await expect.poll(() => server.requests.filter((r) => r === "GET /api/v1/events").length, { timeout: ARRIVES_MS }).toBe(stream);
      await phone.page.clock.runFor(41_000);
    }
    await phone.page.getByText("15秒ごとに新しいデータを確かめています。").waitFor();
  });

  test("the language changes at once, in the page, its title and its address", async () => {
    const { page } = await open("", PHONE);
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("heading", { name: "Paddies to look at today 4 of 13" }).waitFor();
    await expect
      .poll(() => page.evaluate(() => [document.documentElement.lang, document.title, location.search]))
      .toEqual(["en", "Misato Paddies today", "?lang=en"]);
    await page.goto(server.url);
    await page.getByRole("button", { name: "日本語" }).waitFor(); // remembered by the device
  });

  test("text size is chosen in the settings and kept in the address", async () => {
    const { page } = await open("", PHONE);
    await page.getByRole("button", { name: "設定" }).click();
    await page.getByRole("button", { name: "200%" }).click();
    await expect.poll(() => page.evaluate(() => [getComputedStyle(document.documentElement).fontSize, location.search])).toEqual(["32px", "?scale=200"]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  test("on a desk keyboard, table, map and detail move in lockstep", async () => {
    const desk = await open("", DESK);
    const { page } = desk;
    const rows = page.locator(".paddy-table tbody tr");
    await rows.first().focus();
    await page.keyboard.press("ArrowDown");
    const selected = page.locator('.paddy-table tr[aria-selected="true"]');
    await expect.poll(() => selected.textContent()).toContain("北の3番");
    await expect.poll(() => selected.evaluate((row) => row === document.activeElement)).toBe(true);
    await page.getByRole("heading", { name: "北の3番" }).waitFor();
    await page.locator(".plot-label--selected", { hasText: "1.5" }).waitFor();
    await expect.poll(() => page.evaluate(() => location.search)).toBe("?plot=plot-3");
    await page.keyboard.press("ArrowDown");
    await page.locator(".plot-label--selected", { hasText: "7.2" }).waitFor();
    await page.locator(".plot-label", { hasText: "3.4" }).click();
    await expect.poll(() => selected.textContent()).toContain("北の1番");
    await page.keyboard.press("Escape");
    expect(desk.errors).toEqual([]);
    expect(desk.foreign).toEqual([]);
  });

  test("the filter finds paddies by name and by state", async () => {
    const { page } = await open("", DESK);
    const rows = page.locator(".paddy-table tbody tr");
    await rows.first().waitFor();
    await page.getByRole("searchbox").fill("少ない");
    await expect.poll(() => rows.count()).toBe(2);
    await page.getByRole("searchbox").fill("六郷");
    await expect.poll(() => rows.allTextContents()).toEqual([expect.stringContaining("六郷の大田")]);
    await page.getByRole("searchbox").fill("ない名前");
    await page.getByText("あてはまる田んぼがありません。").waitFor();
  });

  test("a plot tells its level, target, sensors, chart, table and CSV", async () => {
    const phone = await open("?plot=plot-3", PHONE);
    const { page } = phone;
    await page.getByText("目安 2〜6 cm").waitFor();
    await page.locator(".chart canvas").waitFor();
    await expect.poll(() => page.getByRole("img", { name: /^水位のグラフ。この3日で水位は/ }).count()).toBe(1);
    await expect.poll(() => page.locator(".readings").textContent()).toMatch(/水温\s*19\.6 ℃[\s\S]*電池\s*3\.31 V[\s\S]*電波\s*強い/);
    await page.getByRole("button", { name: "表で見る" }).click();
    expect(
      await page
        .getByRole("table", { name: /水位 3日/ })
        .locator("tbody tr")
        .count(),
    ).toBe(100);
    const csv = new URL((await page.getByRole("link", { name: /CSV/ }).getAttribute("href")) ?? "", server.url);
    expect([csv.pathname, csv.searchParams.get("device"), csv.searchParams.get("header")]).toEqual(["/api/v1/export/readings.csv", "level-3", "ja"]);
    await page.getByRole("button", { name: "24時間" }).click();
    await page.getByText(/この24時間で水位は/).waitFor();
    await page.goBack();
    expect(phone.errors).toEqual([]);
  });

  test("a base tells its health, and that it has fallen silent", async () => {
    const { page } = await open("?tab=base&base=misato1", PHONE);
    await page.locator(".panel__sentence", { hasText: "補正は正常に届いています(6:05:12 時点)" }).waitFor();
    const text = await page.locator(".panel").textContent();
    for (const part of ["MISATO1", "742 B/s", "u-blox ZED-F9P", "QZSS", "1077", "39.4203000, 140.5442000", "自動操舵の使用は運転者の判断です。"])
      expect(text).toContain(part);
    const silent = baseHealth(NOW + 1000, { state: "silent", epochAgeS: 8 });
    await arrives(page, () => server.publish("base", silent), page.locator(".panel__sentence", { hasText: "補正が届いていません(6:05:13 時点)" }));
  });

  test("a tractor tells its fix, and moves on the map with a letter", async () => {
    const { page } = await open("", DESK);
    await page.locator(".station--rover", { hasText: "F" }).waitFor();
    const float = roverState("tractor-1", NOW + 1000, { fix: "float" });
    await arrives(page, () => server.publish("rover", float), page.locator(".station--rover", { hasText: "L" }));
    await page.getByRole("link", { name: /トラクター1号/ }).click();
    await expect.poll(() => page.locator(".panel").textContent()).toMatch(/◐\s*準備中 FLOAT[\s\S]*0\.8 s[\s\S]*町役場[\s\S]*0\.6 km/);
  });

  test("one bad coordinate is left out and told of; the rest is drawn", async () => {
    const snapshot = fixtureSnapshot(NOW);
    const features = snapshot.plots.features.map((plot, i) =>
      i === 0
        ? {
            ...plot,
            geometry: {
              type: "Polygon" as const,
              coordinates: [
                [
                  [140.55, 3942],
                  [141, 39],
                  [141, 40],
                ],
              ] as const,
            },
          }
        : plot,
    );
    server.state.snapshot = () => ({ ...snapshot, plots: { ...snapshot.plots, features } });
    const desk = await open("", DESK);
    await desk.page.getByText("地図に出せないものが1件あります。").waitFor();
    await expect.poll(() => desk.page.locator(".plot-label").count()).toBe(13);
    await expect.poll(() => desk.page.locator(".paddy-table tbody tr").count()).toBe(14);
    expect(desk.errors).toEqual([]);
  });

  test("foreign tiles are asked for only when chosen", async () => {
    const desk = await open("", DESK);
    await desk.page.locator(".plot-label").first().waitFor();
    expect(desk.foreign).toEqual([]);
    await desk.page.getByLabel("背景").selectOption("gsi-pale");
    await desk.page.getByRole("link", { name: "地理院タイル" }).waitFor();
    await desk.page.locator(".map img.leaflet-tile").first().waitFor({ state: "attached" });
  });

  test("log-in: a wrong password is told in plain words, the right one shows the field, log-out ends it", async () => {
    server.state.me = { user: null, access: "none", canSeeStaffPages: false, plainListeners: [] };
    const { page } = await open("", PHONE);
    await page.getByLabel("利用者名").fill("sato");
    await page.getByLabel("パスワード").fill("wrong");
    await page.getByRole("button", { name: "ログインする" }).click();
    await page.getByText("利用者名かパスワードが違います。もう一度入れてください。").waitFor();
    await page.getByLabel("パスワード").fill("tanbo-no-mizu");
    await page.getByRole("button", { name: "ログインする" }).click();
    await page.getByRole("heading", { name: /今日、水を見る田んぼ/ }).waitFor();
    await page.getByRole("button", { name: "設定" }).click();
    await page.getByRole("button", { name: "ログアウト" }).click();
    await page.getByRole("heading", { name: "ログイン" }).waitFor();
  });

  test("a server that is away is told in plain words, and found again by itself", async () => {
    server.state.trouble = "down";
    const { page } = await open("", PHONE);
    await page.getByText("サーバーにつながりません。").waitFor();
    server.state.trouble = "none";
    await runsUntil(page, page.getByRole("heading", { name: /今日、水を見る田んぼ/ }), 1000);
  });

  test("without paddies the page says what to do", async () => {
    const empty = { ...fixtureSnapshot(NOW), plots: { type: "FeatureCollection" as const, features: [] }, devices: [], readings: [] };
    server.state.snapshot = () => empty;
    const farmer = await open("", PHONE);
    await farmer.page.getByText("役場にあなたの田んぼの登録をたのんでください。").waitFor();
    server.state.me = { ...fixtureMe, canSeeStaffPages: true };
    const staff = await open("?lang=en", DESK);
    await staff.page.getByText("Write paddies (plots) and sensors (devices) into the site file").waitFor();
    expect([...farmer.errors, ...staff.errors]).toEqual([]);
  });

  test("staff see that a listener without TLS can be reached by others, in both languages", async () => {
    server.state.me = { ...fixtureMe, canSeeStaffPages: true, plainListeners: [{ what: "HTTP", bind: "0.0.0.0" }] };
    const staff = await open("", DESK);
    await staff.page.getByText("ほかの機器から受け付けています: HTTP (0.0.0.0)").waitFor();
    await staff.page.getByRole("button", { name: "English" }).click();
    await staff.page.getByText("Other machines connect without encryption: HTTP (0.0.0.0)").waitFor();
    expect(staff.errors).toEqual([]);
  });

  test("a first visit with an English browser is in English, and stays in what is chosen then", async () => {
    const english = await openWatched(browser, server.url, { viewport: PHONE, clockAtMs: NOW, locale: "en-GB" });
    opened.push(english);
    await english.page.getByRole("button", { name: "日本語" }).click();
    await english.page.getByRole("heading", { name: "今日、水を見る田んぼ 4枚 (全13枚)" }).waitFor();
    expect(new URL(english.page.url()).search).toBe("?lang=ja");
  });

  test("a silent sensor: one sentence with its cause in the list, what to look at in the plot, and word of it by event", async () => {
    const silences = withSilences(fixtureSnapshot(NOW), NOW);
    server.state.snapshot = () => silences;
    const phone = await open("", PHONE);
    const { page } = phone;
    await expect.poll(() => card(phone, "東の1番").locator(".card__says").textContent()).toBe("6時間前からデータなし：中継局（六郷）が止まっています。");
    const alone = { state: "silent", lastSeenAt: new Date(NOW - 380 * 60_000).toISOString(), cause: "device", note: silenceWords("device", []) } as const;
    const told = deviceState("level-4", NOW + 1000, alone);
    await arrives(page, () => server.publish("device", told), card(phone, "東の1番").getByText("6時間前からデータなし：このセンサーだけ届いていません。"));
    await card(phone, "東の1番").click();
    await page.locator(".panel__sentence", { hasText: "このセンサーだけ届いていません。電池と設置場所を確認してください。" }).waitFor();
    await page.goBack();
    await card(phone, "北の1番").click();
    await page.locator(".panel__sentence", { hasText: "水はちょうどよい深さです。" }).waitFor();
    await page.getByText("6時間前から、センサーは届いていますが、水温の値が来ません。プローブとケーブルを確認してください。").waitFor();
    await page.getByRole("button", { name: "English" }).click();
    await page.getByText("For 6 hours: The sensor is heard, but gives no value of Water temp. Look at the probe and its cable.").waitFor();
    expect(phone.errors).toEqual([]);
  });

  test("a cause that many paddies share is told once, and staff see it before its sensors", async () => {
    const snapshot = fixtureSnapshot(NOW);
    const state = { state: "silent", lastSeenAt: new Date(NOW - 60 * 60_000).toISOString(), cause: "network", note: silenceWords("network", ["ttn"]) } as const;
    const down = {
      ...snapshot,
      devices: snapshot.devices.map((d) => ({ ...d, state: deviceState(d.id, NOW, state) })),
      readings: snapshot.readings.map((r) => ({ ...r, time: state.lastSeenAt })),
    };
    server.state.snapshot = () => down;
    server.state.me = { ...fixtureMe, canSeeStaffPages: true };
    const { page } = await open("", PHONE);
    const said = page.locator(".cards--look .card__says");
    await expect.poll(() => said.count()).toBe(13);
    const [first, ...rest] = await said.allTextContents();
    expect(first).toBe("1時間前からデータなし：ネットワーク（ttn）から何も届いていません。");
    expect(new Set(rest)).toEqual(new Set(["上の田んぼと同じ理由です。"]));
    await page.getByRole("link", { name: "基地局", exact: true }).click();
    await page.getByRole("heading", { name: "ネットワークが止まっている(13台)" }).waitFor();
    expect(await page.locator(".missing .card").first().isVisible()).toBe(false);
    await page.getByText("13台を見る").click();
    await expect.poll(() => page.locator(".missing .card").filter({ visible: true }).count()).toBe(13);
  });

  test("staff see at one look why data are missing, and who is not registered; a farmer is not bothered with it", async () => {
    const silences = withSilences(fixtureSnapshot(NOW), NOW);
    server.state.snapshot = () => silences;
    const farmer = await open("?tab=base", PHONE);
    await farmer.page.getByRole("heading", { name: "基地局とトラクター" }).waitFor();
    server.state.me = { ...fixtureMe, canSeeStaffPages: true };
    const staff = await open("", DESK);
    const list = staff.page.locator(".missing");
    await list.getByRole("heading", { name: "データが届いていないセンサー 3台(全13台)" }).waitFor();
    expect(await list.getByRole("heading", { level: 3 }).allTextContents()).toEqual([
      "中継局が止まっている: 六郷(1台)",
      "センサー本体(1台)",
      "センサーの一部の値だけ来ない(1台)",
    ]);
    await expect.poll(() => list.locator(".card").nth(0).textContent()).toBe("水位計46時間前東の1番 電波の欠け 2 % 電池 3.31 V あと約410日 ");
    await expect.poll(() => list.locator(".card").nth(1).textContent()).toBe("水位計136時間前南の1番 電波の欠け — 電池 8 % 残りの日数 — ");
    await expect.poll(() => list.locator(".card").nth(2).textContent()).toMatch(/^水位計16時間前/); // its temperature; it is heard itself
    await list.getByText("未登録の端末 1台").click();
    await list.getByText("a84041ffff00beef 212回・最後 3分前").waitFor();
    const heard = deviceState("level-13", NOW + 1000);
    await arrives(staff.page, () => server.publish("device", heard), list.getByText("データが届いていないセンサー 2台(全13台)"));
    await list.locator(".card").nth(0).click();
    await staff.page.getByRole("heading", { name: "東の1番" }).waitFor();
    expect(await farmer.page.locator(".missing").count()).toBe(0);
    expect(server.requests.filter((r) => r.startsWith("GET /api/v1/devices/unknown"))).toEqual(["GET /api/v1/devices/unknown?max=20"]);
    expect([...farmer.errors, ...staff.errors]).toEqual([]);
  });

  test("the demo cannot be taken for the field", async () => {
    server.state.config = { ...fixtureConfig, demo: true };
    const { page } = await open("", PHONE);
    await page.getByText("研修・デモ: 本物ではありません").waitFor();
    expect(await page.evaluate(() => [document.documentElement.dataset["mode"], getComputedStyle(document.body, "::after").position])).toEqual([
      "training",
      "fixed",
    ]);
    await page.getByRole("button", { name: "English" }).click();
    await page.getByText("Training / demo: not real").waitFor();
  });
});

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { ADMIN_PASSWORD, chirpstackUp, fieldSite, networkClient } from "../support/field-site.ts";
import { describeNeeding } from "../support/requirements.ts";
import { killGroup, type Service, startService } from "../support/service.ts";

describeNeeding(["chromium"], "the page in a real browser, against the running service", () => {
  let service: Service;
  let browser: Browser;
  let page: Page;
  const trouble: string[] = [];
  const devEui = "a840410000000001";

  beforeAll(async () => {
    const devices = [{ id: "kita-3-level", name: "水位計", devEui, profile: "dragino-ldds75", intervalS: 1800, placements: [{ plot: "kita-3", zeroMm: 750 }] }];
    service = await startService({ site: fieldSite({ devices }), env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: "ja-JP", timezoneId: "Asia/Tokyo" });
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") trouble.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => trouble.push(`page: ${error.message}`));
    page.on("request", (request) => {
      if (!request.url().startsWith("data:") && new URL(request.url()).host !== new URL(service.ready.url).host) trouble.push(`foreign: ${request.url()}`);
    });
  });
  afterAll(async () => {
    await browser?.close();
    killGroup(service);
  });

  test("logs in, and sees a value that is published appear without a reload", async () => {
    await page.goto(service.ready.url);
    await page.getByLabel(/利用者名|ユーザー名/).fill("sato");
    await page.getByLabel(/パスワード/).fill("farmer-password-of-a-test");
    await page.getByRole("button", { name: "ログイン" }).click();
    await page.getByText("北の3番").first().waitFor();
    expect(await page.getByText("南の1番").count()).toBe(0); // another farmer's
    let loads = 0;
    page.on("load", () => (loads += 1));
    const client = await networkClient(service.ready);
    const frame = Buffer.from([0x0d, 0x0a, 0, 0, 0, 0, 0, 1]);
    frame.writeUInt16BE(750 - 43, 2);
    const { topic, body } = chirpstackUp({ devEui, fCnt: 1, fPort: 2, bytesHex: frame.toString("hex"), time: new Date().toISOString() });
    await client.publishAsync(topic, body, { qos: 1 });
    await page.getByText("4.3").first().waitFor({ timeout: 10_000 });
    await client.endAsync();
    expect(loads).toBe(0);
  });

  test("no console error, no request to a foreign host", () => {
    expect(trouble).toEqual([]);
  });
});

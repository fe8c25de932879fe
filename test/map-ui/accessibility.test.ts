import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { describeNeeding } from "../support/requirements.ts";
import { DESK, openWatched, PHONE } from "./support/browser.ts";
import { type BuiltPage, buildPage } from "./support/built-page.ts";
import { fixtureConfig, fixtureMe, fixtureSnapshot, roverService, roverState, STOP_NOW, withSilences } from "./support/fixture-field.ts";
import { type FixtureServer, startFixtureServer } from "./support/fixture-server.ts";

const NOW = Date.parse("2026-06-11T21:05:12Z");
const STAFF = { ...fixtureMe, user: { id: "u2", username: "yakuba", role: "staff", party: null }, canSeeStaffPages: true } as const; // sees all there is
const SMALL = { width: 320, height: 640 } as const;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Address, screen, what shows that it is there. */
const SCREENS = [
  { name: "today", path: "", viewport: PHONE, shows: ".card" },
  { name: "map", path: "?tab=map", viewport: PHONE, shows: ".plot-label" },
  { name: "map with a plot", path: "?tab=map&plot=plot-3", viewport: PHONE, shows: ".chart canvas" },
  { name: "bases and missing sensors", path: "?tab=base", viewport: PHONE, shows: ".strangers" },
  { name: "silent plot", path: "?plot=plot-4", viewport: PHONE, shows: ".chart canvas" },
  { name: "plot", path: "?plot=plot-3", viewport: PHONE, shows: ".chart canvas" },
  { name: "base", path: "?tab=base&base=misato1", viewport: PHONE, shows: ".happened" },
  { name: "tractor", path: "?tab=base&rover=tractor-1", viewport: PHONE, shows: ".diagnosis strong" },
  { name: "tractor that must stop", path: "?tab=base&rover=tractor-2", viewport: PHONE, shows: ".panel .stop-banner" },
  { name: "desk", path: "", viewport: DESK, shows: ".strangers" },
  { name: "desk with a plot", path: "?plot=plot-3", viewport: DESK, shows: ".chart canvas" },
  { name: "desk with a base", path: "?base=misato1", viewport: DESK, shows: ".orders" },
  { name: "desk with a tractor", path: "?rover=tractor-1", viewport: DESK, shows: ".diagnosis strong" },
] as const;

describeNeeding(["chromium"], "everybody can use the page", () => {
  let built: BuiltPage;
  let browser: Browser;
  let server: FixtureServer;
  let axe: string;

  beforeAll(async () => {
    built = await buildPage();
    browser = await launchBrowser();
    axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    const field = withSilences(fixtureSnapshot(NOW), NOW);
    const stopping = roverState("tractor-2", NOW, { service: roverService(NOW, { notice: STOP_NOW }) });
    const snapshot = { ...field, rovers: field.rovers.map((r) => (r.id === "tractor-2" ? { ...r, state: stopping } : r)) };
    server = await startFixtureServer(built.dir, {
      me: STAFF,
      config: { ...fixtureConfig, demo: true },
      snapshot: () => snapshot,
      password: "-",
      trouble: "none",
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await built?.remove();
  });

  async function onScreen<T>(
    screen: { path: string; viewport: { width: number; height: number }; shows: string },
    look: (page: Page) => Promise<T>,
  ): Promise<T> {
    const { page } = await openWatched(browser, server.url + screen.path, { viewport: screen.viewport, clockAtMs: NOW });
    try {
      await page.locator(screen.shows).first().waitFor({ timeout: 10_000 });
      return await look(page);
    } finally {
      await page.context().close();
    }
  }
  const withQuery = (path: string, more: string) => `${path}${path === "" ? "?" : "&"}${more}`;

  /** Violations of the WCAG and of best practice, as `rule: where`. */
  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axe);
    const options: RunOptions = { runOnly: { type: "tag", values: TAGS } };
    const found = await page.evaluate(
      (o) => (globalThis as unknown as { axe: { run(context: Document, options: RunOptions): Promise<AxeResults> } }).axe.run(document, o),
      options,
    );
    expect(found.passes.length).toBeGreaterThan(10);
    return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  }

  describe.each(["ja", "en"])("in %s", (lang) => {
    test.each(SCREENS)("axe finds nothing on $name", async (screen) => {
      expect(await onScreen({ ...screen, path: withQuery(screen.path, `lang=${lang}`) }, violations)).toEqual([]);
    });

    test("axe finds nothing on the settings and the log-in", async () => {
      const found = await onScreen({ ...SCREENS[0], path: `?lang=${lang}` }, async (page) => {
        await page.locator("[aria-haspopup=dialog]").click();
        const settings = await violations(page);
        await page.locator("dialog .button", { hasText: /ログアウト|Log out/ }).click();
        await page.locator(".login").waitFor();
        return [...settings, ...(await violations(page))];
      });
      server.state.me = STAFF;
      expect(found).toEqual([]);
    });
  });

  test.each(SCREENS)("targets are large enough and no text is small on $name", async (screen) => {
    const leastPx = screen.viewport === PHONE ? 56 : 48;
    const [targets, texts] = await onScreen(screen, async (page) => [await page.evaluate(smallTargets, leastPx), await page.evaluate(smallTexts)]);
    expect(targets).toEqual([]);
    expect(texts).toEqual([]);
  });

  test.each(SCREENS.filter((s) => s.viewport === PHONE))("at 320 px and 200 % nothing has to be scrolled sideways on $name", async (screen) => {
    const widths = await onScreen({ ...screen, path: withQuery(screen.path, "scale=200"), viewport: SMALL }, (page) =>
      page.evaluate(() => {
        const beyond = [...document.querySelectorAll("main *, header *, nav *")]
          .filter((e) => (e as HTMLElement).checkVisibility() && !e.closest(".leaflet-container, .visually-hidden, svg, .skip"))
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
          .map((e) => `${e.tagName} ${e.className} ${Math.round(e.getBoundingClientRect().right)}`);
        return { page: document.documentElement.scrollWidth, beyond };
      }),
    );
    expect(widths).toEqual({ page: 320, beyond: [] });
  });

  test("a keyboard goes from the list to a paddy and back", async () => {
    await onScreen(SCREENS[0], async (page) => {
      await page.locator(".card").nth(1).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "北の3番" }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.className)).toBe("panel");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.locator(".card:focus", { hasText: "北の3番" }).waitFor(); // back where one was
    });
  });

  test("farmer text has a contrast of 7:1 or more", async () => {
    const ratios = await onScreen(SCREENS[0], (page) =>
      page.evaluate(() => {
        const rgb = (css: string) => (css.match(/[\d.]+/g) ?? []).map(Number);
        const luminance = (c: number[]) => {
          const [r = 0, g = 0, b = 0] = c.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (e: Element | null): number[] => {
          if (e === null) return [255, 255, 255];
          const c = rgb(getComputedStyle(e).backgroundColor);
          return c.length === 3 || (c[3] ?? 0) > 0 ? c : behind(e.parentElement);
        };
        return [...document.querySelectorAll(".headline *, .card *, .corrections *, .tabs__link")]
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent?.trim()))
          .map((e) => {
            const [a, b] = [luminance(rgb(getComputedStyle(e).color)), luminance(behind(e))];
            return { what: e.className, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
          });
      }),
    );
    expect(ratios.length).toBeGreaterThan(20);
    expect(ratios.filter(({ ratio }) => ratio < 7)).toEqual([]);
  });
});

/** Runs in the page: what can be pressed and is smaller than `leastPx` either way. */
function smallTargets(leastPx: number): string[] {
  return [...document.querySelectorAll<HTMLElement>("a, button, input, select, summary, tr[tabindex]")]
    .filter((e) => e.checkVisibility() && !e.closest(".skip, .visually-hidden, .leaflet-container"))
    .map((e) => ({ what: `${e.tagName} ${e.className} ${e.textContent?.trim().slice(0, 20)}`, box: e.getBoundingClientRect() }))
    .filter(({ box }) => box.height < leastPx - 0.5 || box.width < leastPx - 0.5)
    .map(({ what, box }) => `${what}: ${Math.round(box.width)}x${Math.round(box.height)}`);
}

/** Runs in the page: text of less than 16 px. */
function smallTexts(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!element?.checkVisibility() || !node.textContent?.trim() || element.closest("noscript, script")) continue;
    if (Number.parseFloat(getComputedStyle(element).fontSize) < 16) found.push(`${element.className}: ${node.textContent}`);
  }
  return found;
}

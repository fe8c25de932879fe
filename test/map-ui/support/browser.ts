import type { Browser, Page } from "playwright-core";

export const PHONE = { width: 390, height: 844 } as const;
export const DESK = { width: 1440, height: 900 } as const;

export interface WatchedPage {
  readonly page: Page;
  /** Console errors, uncaught errors and CSP violations so far. */
  readonly errors: readonly string[];
  /** URLs of hosts other than ours. */
  readonly foreign: readonly string[];
}

/** A fresh page (own storage) on which nothing goes wrong unseen. Requests to other hosts are stopped and noted. */
export async function openWatched(
  browser: Browser,
  url: string,
  options: { viewport: { width: number; height: number }; clockAtMs?: number; locale?: string },
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: options.viewport, reducedMotion: "reduce", locale: options.locale ?? "ja-JP" });
  const page = await context.newPage();
  const errors: string[] = [];
  const foreign: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  const host = new URL(url).host;
  await context.route(
    (target) => target.host !== host,
    (route) => {
      foreign.push(route.request().url());
      return route.abort();
    },
  );
  if (options.clockAtMs !== undefined) await page.clock.install({ time: options.clockAtMs });
  await page.goto(url);
  return { page, errors, foreign };
}

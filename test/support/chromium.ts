import { type Browser, chromium } from "playwright-core";
import { programPath } from "./requirements.ts";

/** The Debian package's browser: no download, and no word to any host but ours. */
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launchBrowser(): Promise<Browser> {
  const executablePath = programPath("chromium");
  if (executablePath === undefined) throw new Error("chromium is not installed");
  return chromium.launch({ executablePath, args: ARGS });
}

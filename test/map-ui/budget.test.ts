import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BuiltPage, buildPage } from "./support/built-page.ts";

const JS_MAX_KB = 80;
const CSS_MAX_KB = 12;

let built: BuiltPage;
let html: string;
beforeAll(async () => {
  built = await buildPage();
  html = await readFile(join(built.dir, "index.html"), "utf8");
});
afterAll(() => built?.remove());

async function gzippedKb(paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += gzipSync(await readFile(join(built.dir, path))).length;
  return bytes / 1000;
}

/** What the page loads before anything is chosen: named in the HTML, or imported by that. */
async function initial(end: ".js" | ".css"): Promise<string[]> {
  const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((m) => m[1] ?? "").filter((path) => path.endsWith(end));
  const imported: string[] = [];
  if (end === ".js") {
    for (const path of named) {
      const text = await readFile(join(built.dir, path), "utf8");
      for (const m of text.matchAll(/(?:^|[;}\n])import(?:[^"'(;]*from)?["']\.\/([^"']+)["']/g)) imported.push(join("assets", m[1] ?? ""));
    }
  }
  return [...new Set([...named, ...imported])];
}

test("the first load keeps its budget; the chart comes later", async () => {
  const [js, css] = [await initial(".js"), await initial(".css")];
  expect(js.length).toBeGreaterThan(0);
  expect(css.length).toBeGreaterThan(0);
  expect(await gzippedKb(js)).toBeLessThanOrEqual(JS_MAX_KB);
  expect(await gzippedKb(css)).toBeLessThanOrEqual(CSS_MAX_KB);
  for (const path of js) expect(await readFile(join(built.dir, path), "utf8")).not.toContain("uPlot.tzDate=");
  expect((await readdir(join(built.dir, "assets"))).some((name) => name.startsWith("level-chart") && name.endsWith(".js"))).toBe(true);
});

test("the page runs under default-src 'self': no inline script or style, no address but its own", async () => {
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/i);
  for (const script of html.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)) expect(script[1]).toBe("");
  for (const m of html.matchAll(/(?:src|href)="([^"]+)"/g)) expect(m[1]).toMatch(/^\.\//);
  for (const name of await readdir(join(built.dir, "assets"))) {
    if (!name.endsWith(".css")) continue;
    expect(await readFile(join(built.dir, "assets", name), "utf8")).not.toMatch(/url\((?:["']?)(?:https?:|data:|\/\/)|@import/);
  }
});

import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AzemichiError } from "../core/domain/errors.ts";
import { demoSite, newDemoSecrets } from "../firmware-sim/demo/demo-site.ts";
import { profiles } from "../ingest/decoders/registry.ts";
import { CatalogStore } from "../store/catalog.ts";
import type { SiteIssue } from "../store/site-check.ts";
import type { Config } from "./config.ts";
import { type DataFolder, folderKey, writeSecretFile } from "./data-folder.ts";

const ISSUES_SHOWN = 10;

export function openCatalog(folder: DataFolder): CatalogStore {
  return new CatalogStore(join(folder.path, "catalog.db"), { key: folderKey(folder), profiles: profiles() });
}

export function readSiteFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new AzemichiError("SITE_INVALID", `site file ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new AzemichiError("SITE_INVALID", `site file ${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function refuse(path: string, issues: readonly SiteIssue[]): never {
  const lines = issues.slice(0, ISSUES_SHOWN).map((i) => `  ${i.path}: ${i.message}`);
  if (issues.length > ISSUES_SHOWN) lines.push(`  … and ${issues.length - ISSUES_SHOWN} more`);
  throw new AzemichiError("SITE_INVALID", `site file ${path} was not imported:\n${lines.join("\n")}`, { context: { path: issues[0]?.path } });
}

/** Imports `AZEMICHI_SITE` (upsert). A file that was imported unchanged before costs nothing. Returns warnings as lines. */
export async function importSiteFile(config: Config, folder: DataFolder): Promise<string[]> {
  if (config.site === null) return [];
  const document = readSiteFile(config.site);
  const digest = createHmac("sha256", folderKey(folder)).update(JSON.stringify(document)).digest("hex");
  const store = openCatalog(folder);
  try {
    if (store.meta("site-file") === digest) return [];
    const result = await store.importSite(document);
    if (!result.ok) refuse(config.site, result.issues);
    store.setMeta("site-file", digest);
    return result.warnings.map((w) => `${w.path} ${w.message}`);
  } finally {
    store.close();
  }
}

/** The demo's catalog and the passwords of its simulators, made at its first start. */
export async function importDemoSite(folder: DataFolder): Promise<void> {
  const path = join(folder.path, "demo-secrets.json");
  if (!existsSync(path)) writeSecretFile(path, JSON.stringify(newDemoSecrets(() => randomBytes(15).toString("base64url"))));
  const store = openCatalog(folder);
  try {
    const document = demoSite(JSON.parse(readFileSync(path, "utf8")));
    const digest = createHmac("sha256", folderKey(folder)).update(JSON.stringify(document)).digest("hex");
    if (store.meta("site-file") === digest) return;
    const result = await store.importSite(document);
    if (!result.ok) refuse("of the demo", result.issues);
    store.setMeta("site-file", digest);
  } finally {
    store.close();
  }
}

/** The user `admin`, made once per data folder. Returns the password when it was generated now. */
export async function ensureAdmin(config: Config, folder: DataFolder): Promise<string | null> {
  const store = openCatalog(folder);
  try {
    if (store.meta("admin") !== undefined) return null;
    if (store.catalog().users.some((u) => u.username === "admin")) {
      store.setMeta("admin", "from the site file");
      return null;
    }
    const password = config.adminPassword ?? randomBytes(12).toString("base64url");
    const { site } = store.catalog();
    const result = await store.importSite({
      site: store.isEmpty() ? { id: site.id } : store.exportSite().site,
      users: [{ id: "admin", username: "admin", password, role: "admin" }],
    });
    if (!result.ok) refuse("(user admin)", result.issues);
    if (config.adminPassword === null) writeSecretFile(join(folder.path, "admin-password.txt"), `${password}\n`);
    store.setMeta("admin", "made at first start");
    return config.adminPassword === null ? password : null;
  } finally {
    store.close();
  }
}

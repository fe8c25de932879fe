import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../app/config.ts";
import { dataFolderOf, folderKey, lastGoodCatalog, makeDataFolder, refuseLostCatalog, tryLock } from "../../app/data-folder.ts";

const fresh = (): { path: string; demo: boolean } => {
  const folder = { path: join(mkdtempSync(join(tmpdir(), "azemichi 畦道 ")), "data"), demo: false };
  makeDataFolder(folder);
  return folder;
};

describe("data folder", () => {
  test("is the demo's only without a site file and without a real catalog", () => {
    const dataDir = mkdtempSync(join(tmpdir(), "azemichi-mode-"));
    expect(dataFolderOf(readConfig({ AZEMICHI_DATA_DIR: dataDir }))).toEqual({ demo: true, path: join(dataDir, "demo") });
    expect(dataFolderOf(readConfig({ AZEMICHI_DATA_DIR: dataDir, AZEMICHI_SITE: "site.json" }))).toEqual({ demo: false, path: dataDir });
    writeFileSync(join(dataDir, "catalog.db"), "");
    expect(dataFolderOf(readConfig({ AZEMICHI_DATA_DIR: dataDir }))).toEqual({ demo: false, path: dataDir });
  });

  test("is the real site's though its catalog is lost", () => {
    const dataDir = mkdtempSync(join(tmpdir(), "azemichi-lost-"));
    const folder = { path: dataDir, demo: false };
    makeDataFolder(folder);
    writeFileSync(lastGoodCatalog(folder), "{}");
    expect(dataFolderOf(readConfig({ AZEMICHI_DATA_DIR: dataDir }))).toEqual(folder);
    expect(() => refuseLostCatalog(folder, { site: null })).toThrow(/catalog\.db is gone/);
    expect(() => refuseLostCatalog(folder, { site: "site.json" })).not.toThrow();
    expect(() => refuseLostCatalog({ ...folder, demo: true }, { site: null })).not.toThrow();
  });

  test("and its key are the owner's alone; the key stays", () => {
    const folder = fresh();
    const key = folderKey(folder);
    expect(folderKey(folder)).toEqual(key);
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder.path, "secret.key")).mode & 0o777).toBe(0o600);
  });

  test("a damaged key is said, not replaced", () => {
    const folder = fresh();
    writeFileSync(join(folder.path, "secret.key"), "short");
    expect(() => folderKey(folder)).toThrow(/damaged/);
  });

  test("a lock is held against another process and let go when its holder is killed", async () => {
    const folder = fresh();
    const program = `import(${JSON.stringify(new URL("../../app/data-folder.ts", import.meta.url).href)}).then(({ tryLock }) => { const r = tryLock(${JSON.stringify(folder)}, "relay"); console.log(r ? "held" : "refused"); setTimeout(r, 60000); });`;
    const holder = execFile(process.execPath, ["--input-type=module", "-e", program]);
    const [line] = await once(holder.stdout as NodeJS.ReadableStream, "data");
    expect(String(line).trim()).toBe("held");
    expect(tryLock(folder, "relay")).toBeUndefined();
    expect(tryLock(folder, "web")).toBeTypeOf("function");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const release = tryLock(folder, "relay");
    expect(release).toBeTypeOf("function");
    release?.();
  });
});

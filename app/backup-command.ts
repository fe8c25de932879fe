import { constants, setPriority } from "node:os";
import { dirname, join } from "node:path";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { AzemichiError } from "../core/domain/errors.ts";
import { makeBackup } from "./backup.ts";
import type { Manifest } from "./backup-manifest.ts";
import { readConfig } from "./config.ts";
import { dataFolderOf } from "./data-folder.ts";
import { checkBackup, restoreBackup } from "./restore.ts";

const USAGE = `usage: npm run backup -- [FOLDER] [--keep N]
         copies the data folder, while it runs, into a new folder in FOLDER (without it: backups, beside the data folder);
         with --keep, the N newest backups of the site stay
       npm run restore -- FOLDER [--to DATA_DIR] [--force]
         puts a backup (or the newest in FOLDER) into a data folder on which nothing runs; --force moves what is there aside
       npm run restore -- FOLDER --check
         reads a backup through, and changes nothing`;

const KEEP_MAX = 10_000;

function backup(args: readonly string[]): void {
  const { values, positionals } = parse(args, { keep: { type: "string" } });
  if (positionals.length > 1) throw new AzemichiError("CONFIG_INVALID", USAGE);
  const keep = values.keep === undefined ? null : Number(values.keep);
  if (keep !== null && !(Number.isInteger(keep) && keep >= 1 && keep <= KEEP_MAX))
    throw new AzemichiError("CONFIG_INVALID", `--keep ${values.keep}: a number from 1 on`);
  setPriority(constants.priority.PRIORITY_LOW); // what serves comes first
  process.umask(0o077);
  const config = readConfig(process.env);
  const { path, manifest, removed } = makeBackup({
    folder: dataFolderOf(config),
    to: positionals[0] ?? join(dirname(config.dataDir), "backups"),
    keep,
    nowMs: Date.now,
  });
  console.log(`backup: ${path}`);
  console.log(wordsFor(manifest));
  if (removed.length > 0) console.log(`removed: ${removed.join(", ")}`);
}

async function restore(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args, { to: { type: "string" }, force: { type: "boolean" }, check: { type: "boolean" } });
  const [from] = positionals;
  if (from === undefined || positionals.length > 1) throw new AzemichiError("CONFIG_INVALID", USAGE);
  process.umask(0o077);
  if (values.check) {
    const found = checkBackup(from);
    console.log(`${found.backup}: good\n${wordsFor(found.manifest)}`);
    return;
  }
  const dataDir = values.to ?? readConfig(process.env).dataDir;
  const { backup: source, manifest, path, former } = await restoreBackup({ from, dataDir, force: values.force === true, nowMs: Date.now });
  console.log(`restored: ${path} from ${source}`);
  console.log(wordsFor(manifest));
  if (former !== null) console.log(`what was there before: ${former}`);
}

function wordsFor({ startedAt, files, ledger, readings, lastUplink, processedUpTo }: Manifest): string {
  const mb = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const pending = ledger.pending === 0 ? "" : ` (${ledger.pending} of them processed at the next start)`;
  return `of ${startedAt}: ${readings} readings, ${ledger.received} uplinks${pending}, journal up to ${Math.max(lastUplink, processedUpTo)}; ${files.length} files, ${mb.toFixed(1)} MB`;
}

function parse<const Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new AzemichiError("CONFIG_INVALID", `${(error as Error).message}\n${USAGE}`);
  }
}

const [command, ...rest] = process.argv.slice(2);
try {
  if (rest.includes("--help")) console.log(USAGE);
  else if (command === "backup") backup(rest);
  else if (command === "restore") await restore(rest);
  else throw new AzemichiError("CONFIG_INVALID", USAGE);
} catch (error) {
  const known = error instanceof AzemichiError || typeof (error as NodeJS.ErrnoException).syscall === "string"; // no right, no space: the system's own words
  console.error(known ? (error as Error).message : error);
  process.exitCode = error instanceof AzemichiError && error.code === "CONFIG_INVALID" ? 2 : 1;
}

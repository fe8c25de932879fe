import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { expectAllAccounted, oracleDevices } from "../support/accounting.ts";
import { ADMIN_PASSWORD, fieldSite } from "../support/field-site.ts";
import { acknowledgedAtLeast, type OracleOptions, runOracle } from "../support/oracle.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { eventually, freshFolder, killGroup, type Service, startService } from "../support/service.ts";

const PUBLISHERS = 2;
const COUNT = 6000;
const DISK_MB = 1200; // 1 GB of it always has to be free
const site = fieldSite({ devices: oracleDevices(PUBLISHERS) });

const services: Service[] = [];
const mounts: string[] = [];
let failing = new AbortController();
afterEach(() => {
  failing.abort();
  failing = new AbortController();
  for (const service of services.splice(0)) killGroup(service);
  for (const folder of mounts.splice(0)) execFileSync("umount", ["--lazy", folder]);
});

interface Readyz {
  readonly http: number;
  readonly status: string;
  readonly degraded: readonly string[];
}
async function readyz(service: Service): Promise<Readyz> {
  const answer = await fetch(new URL("/readyz", service.ready.url));
  return { http: answer.status, ...((await answer.json()) as { status: string; degraded: string[] }) };
}
const turns = (service: Service, http: number): Promise<Readyz> =>
  eventually(
    async () => {
      const now = await readyz(service);
      return now.http === http && now;
    },
    { timeoutMs: 20_000, what: `readyz to say ${http}` },
  );

async function start(dataDir?: string): Promise<{ service: Service; load: OracleOptions }> {
  const service = await startService({ site, env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD }, ...(dataDir === undefined ? {} : { dataDir }) });
  services.push(service);
  const ackedFile = join(freshFolder("acked"), "acked.txt");
  const load = {
    port: service.ready.mqtt,
    ackedFile,
    publishers: PUBLISHERS,
    count: COUNT,
    window: 50,
    ratePerS: 1000,
    repeatedShare: 0.2,
    signal: failing.signal,
  };
  return { service, load };
}

/** Writes until the disk has `freeBytes` left. */
function fill(path: string, folder: string, freeBytes: number): void {
  const file = openSync(path, "a");
  try {
    for (let size = 2 ** 22; size >= 4096; ) {
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize - size < freeBytes) size /= 2;
      else writeSync(file, Buffer.alloc(size));
    }
  } finally {
    closeSync(file);
  }
}

describeNeeding(["root"], "a disk that fills up", () => {
  test("below 1 GB, and at last to the brim: uplinks are refused, never lost; with space again all goes on by itself", async () => {
    const disk = freshFolder("disk");
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", disk]);
    mounts.push(disk);
    const { service, load } = await start(join(disk, "data"));
    const done = runOracle(load);
    await eventually(() => acknowledgedAtLeast(load.ackedFile) > COUNT / 4, { timeoutMs: 30_000, what: "some load" });

    const filler = join(disk, "filler");
    fill(filler, disk, 2 ** 29);
    const low = await turns(service, 503);
    expect(low).toMatchObject({ status: "unavailable", degraded: [expect.stringMatching(/^uplinks are refused: only \d+ MB free/)] });
    const refusedAt = acknowledgedAtLeast(load.ackedFile);
    fill(filler, disk, 0);
    await eventually(() => service.output().includes("journal takes no uplinks"), { timeoutMs: 5000, what: "a line in the log" });
    expect(acknowledgedAtLeast(load.ackedFile)).toBeLessThan(refusedAt + COUNT / 10);

    rmSync(filler);
    expect(await turns(service, 200)).toMatchObject({ status: "ready", degraded: [] });
    await eventually(() => acknowledgedAtLeast(load.ackedFile) > COUNT / 2, { timeoutMs: 30_000, what: "load again" });

    fill(filler, disk, 0); // at once: commits of journal and readings find no room
    await turns(service, 503);
    rmSync(filler);
    expect(await turns(service, 200)).toMatchObject({ status: "ready", degraded: [] });
    expect((await done).acknowledged).toBeGreaterThanOrEqual(COUNT);
    await expectAllAccounted(service, [load.ackedFile]);
  }, 120_000);
});

const prlimit = programPath("prlimit");
describeNeeding(["prlimit"], "files that may not grow", () => {
  test("a write that fails in the middle of a commit: nothing acknowledged is lost, and it goes on when the limit is lifted", async () => {
    const { service, load } = await start();
    const limit = (bytes: string): void => {
      for (const pid of service.pidsOf("field")) execFileSync(prlimit as string, ["--pid", String(pid), `--fsize=${bytes}:`]);
    };
    const done = runOracle(load);
    await eventually(() => acknowledgedAtLeast(load.ackedFile) > COUNT / 4, { timeoutMs: 30_000, what: "some load" });
    limit("65536");
    expect(await turns(service, 503)).toMatchObject({ status: "unavailable", degraded: [expect.stringMatching(/^uplinks are refused: /)] });
    limit("unlimited");
    expect(await turns(service, 200)).toMatchObject({ degraded: [] });
    expect((await done).acknowledged).toBeGreaterThanOrEqual(COUNT);
    await expectAllAccounted(service, [load.ackedFile]);
  }, 120_000);
});

import { accessSync, appendFileSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";

/** What a test may need that the project does not carry: the folder of real data beside it, or a real program. */
export type Need =
  | "shared"
  | "chromium"
  | "str2str"
  | "convbin"
  | "gpsd"
  | "stunnel"
  | "openssl"
  | "socat"
  | "mosquitto"
  | "mosquitto_pub"
  | "mosquitto_sub"
  | "influxd"
  | "faketime"
  | "strace"
  | "prlimit"
  | "root";

const SHARED = new URL("../../../shared/", import.meta.url).pathname;
const REQUIRED = process.env["REQUIRE_PEERS"] === "1";

/** Path of a file of the real data, e.g. `rtcm/base-f9p-msm7-200s.rtcm3`. Read in place, never copied. */
export function sharedPath(relative: string): string {
  return join(decodeURIComponent(SHARED), relative);
}

/** Absolute path of a program, or undefined. */
export function programPath(name: string): string | undefined {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/sbin"]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** Whether the folder of real data is beside the project. */
export function hasShared(): boolean {
  return existsSync(sharedPath("rtcm"));
}

function present(need: Need): boolean {
  if (need === "shared") return hasShared();
  return need === "root" ? process.getuid?.() === 0 : programPath(need) !== undefined;
}

/**
 * A `describe` that is left out, by name, where something it needs is absent; with REQUIRE_PEERS=1 (CI) that is a failure.
 * The names of what was left out are printed at the end of the run.
 */
export function describeNeeding(needs: readonly Need[], name: string, fn: () => void): void {
  const absent = needs.filter((n) => !present(n));
  if (absent.length === 0) {
    describe(name, fn);
    return;
  }
  // The body is not even read: it may open what is absent.
  describe.skipIf(!REQUIRED)(name, () => {
    test(`needs ${absent.join(", ")}`, () => expect(absent).toEqual([]));
  });
  const report = process.env["AZEMICHI_TEST_LEFT_OUT"];
  if (report && !REQUIRED) appendFileSync(report, `${name} (needs ${absent.join(", ")})\n`);
}

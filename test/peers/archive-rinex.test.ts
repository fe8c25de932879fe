import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeMessage, satelliteName } from "rtcm-parser";
import { expect, test } from "vitest";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { ARCHIVE_LIMITS, Archive } from "../../correction-relay/archive.ts";
import { type CaptureName, readCapture } from "../rtcm-parser/captures.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { readRinex } from "./rinex.ts";

const T0 = Date.UTC(2026, 10, 23, 3);
const run = promisify(execFile);

/** Each system's satellites with a pseudorange, by its RINEX letter. */
function bySystem(satellites: Iterable<string>): Record<string, string[]> {
  const systems: Record<string, string[]> = {};
  for (const name of [...new Set(satellites)].sort()) {
    const system = name.slice(0, 1);
    systems[system] = [...(systems[system] ?? []), name];
  }
  return systems;
}

function* satellitesSent(frames: readonly Uint8Array[]): Generator<string> {
  for (const frame of frames) {
    const message = decodeMessage(frame);
    if (message.kind !== "msm") continue;
    for (const { satelliteId, pseudorangeM } of message.cells) {
      const name = pseudorangeM === null ? null : satelliteName(message.constellation, satelliteId);
      if (name !== null) yield name;
    }
  }
}

describeNeeding(["shared", "convbin"], "convbin makes RINEX of an archived hour", () => {
  test.concurrent.each<CaptureName>(["mixed-ubx-nmea-rtcm-f9p-long.bin", "msm4-trimble.rtcm3", "msm5-piksi-5hz.rtcm3", "ntrip-body-plain.bin"])(
    "%s: the satellites per system that the stream has",
    async (name) => {
      const { frames } = readCapture(name);
      const folder = mkdtempSync(join(tmpdir(), "azemichi-rinex-"));
      try {
        const archive = new Archive({ folder, limits: { ...ARCHIVE_LIMITS, freeBytesMin: 0 }, log: silentLog, metrics: new Metrics() });
        for (const frame of frames) archive.put("misato1", frame, T0);
        await archive.close();
        const file = join(folder, "misato1", "2026-11-23T03Z.rtcm3");
        const args = ["-r", "rtcm3", "-tr", "2026/11/23", "03:00:00", "-v", "3.03", "-o", "archived.obs", "-n", "archived.nav", file];
        await run(programPath("convbin") as string, args, { cwd: folder, timeout: 20_000 });
        const rinex = readRinex(readFileSync(join(folder, "archived.obs"), "latin1"));
        const written = [...rinex.values()].flatMap((satellites) => [...satellites.keys()]);
        const sent = bySystem(satellitesSent(frames));
        expect(Object.keys(sent).length).toBeGreaterThanOrEqual(4);
        expect(bySystem(written)).toEqual(sent);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    30_000,
  );
});

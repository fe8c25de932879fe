import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { baseOf, eventually, frame1006, joinRover, msm, openBench, roverOf } from "../correction-relay/support.ts";
import { until } from "../support/peers.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";

describeNeeding(["socat"], "a receiver on a serial line", () => {
  test("its frames reach the rover, what else it says does not; a line that is not there is said in words", async () => {
    const folder = mkdtempSync(join(tmpdir(), "azemichi-serial-"));
    const [ours, receiver] = [join(folder, "ours"), join(folder, "receiver")];
    const line = spawn(programPath("socat") as string, [`pty,raw,echo=0,link=${ours}`, `pty,raw,echo=0,link=${receiver}`], { stdio: "ignore" });
    try {
      await until(
        () => existsSync(ours) && existsSync(receiver),
        () => "a line",
      );
      const bases = [baseOf("MISATO1", { pull: `serial:${ours}?baud=115200` }), baseOf("MISATO2", { pull: `serial:${join(folder, "absent")}` })];
      await using bench = await openBench({ bases, rovers: [roverOf("tractor1")] });
      const rover = await joinRover(bench);
      const isThere = (): boolean => {
        bench.pass(0);
        return bench.bases.get("misato1")?.state === "silent";
      };
      await eventually(isThere, "the port open");
      const frames = Buffer.concat([frame1006(), msm(1077, 1000, { announced: false })]);
      writeFileSync(receiver, Buffer.concat([Buffer.from("$GNTXT,01,01,02,u-blox*00\r\n"), frames]));
      await rover.untilBytes(14 + frames.length);
      expect(rover.received.subarray(14)).toEqual(frames);
      expect(bench.bases.get("misato1")?.truth?.source).toEqual({ kind: "serial", note: null });
      expect(bench.bases.get("misato2")?.truth?.source.note?.code).toBe("serial-port");
    } finally {
      const exit = once(line, "exit");
      line.kill();
      await exit;
      rmSync(folder, { recursive: true });
    }
  });
});

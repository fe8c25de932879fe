import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

const PEERS = "rtklib gpsd stunnel4 openssl socat mosquitto-clients mosquitto influxdb faketime strace chromium fonts-noto-cjk";

/** Names what was left out and why, and closes the run with `N passed, N failed` on a line of its own. */
export default class LeftOutReporter implements Reporter {
  readonly #folder = mkdtempSync(join(tmpdir(), "azemichi-left-out-"));
  readonly #file = join(this.#folder, "names");

  onInit(): void {
    process.env["AZEMICHI_TEST_LEFT_OUT"] = this.#file; // inherited by the workers
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    let names: string[] = [];
    try {
      names = readFileSync(this.#file, "utf8").trimEnd().split("\n");
    } catch {
      // nothing was left out
    }
    rmSync(this.#folder, { recursive: true, force: true });
    if (names.length > 0) {
      console.log(`\nLeft out (${names.length}), because something they need is not on this machine:\n${names.map((n) => `  ${n}`).join("\n")}`);
      console.log(`Programs come with: apt-get install -y ${PEERS}\nThe real captures come with the folder ../shared, where you have it.`);
    }
    let passed = 0;
    let failed = 0;
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === "passed") passed += 1;
        if (state === "failed") failed += 1;
      }
    }
    console.log(`\n${passed} passed, ${failed} failed`);
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { messageType } from "rtcm-parser";
import { expect, test } from "vitest";
import { frame1033, joinSource, openBench, ROVER_PASSWORD } from "../correction-relay/support.ts";
import { readCapture } from "../rtcm-parser/captures.ts";
import { connectWhenListening, freePort, until } from "../support/peers.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";

const FRAMES = 400;
const FRAMES_AT_ONCE = 20;

/** gpsd as the client of one mount, and the RTCM that it reports to its own clients. */
class Gpsd {
  readonly #program: ChildProcess;
  #watch: Socket | null = null;
  #line = "";
  #log = "";
  readonly reported: { readonly type: number; readonly length: number }[] = [];

  private constructor(program: ChildProcess) {
    this.#program = program;
    program.stderr?.on("data", (chunk: Buffer) => (this.#log = (this.#log + chunk.toString("latin1")).slice(-5000)));
  }

  static async start(url: string): Promise<Gpsd> {
    const port = await freePort();
    const args = ["-N", "-n", "-D", "2", "-S", String(port), url];
    const gpsd = new Gpsd(spawn(programPath("gpsd") as string, args, { stdio: ["ignore", "ignore", "pipe"] }));
    gpsd.#listenTo(await connectWhenListening(port, () => gpsd.#log));
    return gpsd;
  }

  get log(): string {
    return this.#log;
  }

  #listenTo(watch: Socket): void {
    this.#watch = watch;
    watch.on("data", (chunk: Buffer) => this.#read(chunk.toString("latin1")));
    watch.write('?WATCH={"enable":true,"json":true};\n');
  }

  #read(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      const found = /^\{"class":"RTCM3",.*?"type":(\d+),"length":(\d+)/.exec(line);
      if (found) this.reported.push({ type: Number(found[1]), length: Number(found[2]) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.destroy();
    if (this.#program.exitCode !== null || this.#program.signalCode !== null) return;
    const exit = once(this.#program, "exit");
    this.#program.kill("SIGKILL");
    await exit;
  }
}

describeNeeding(["shared", "gpsd"], "gpsd as NTRIP client", () => {
  test("finds the mount in the table, stays connected, and reports every frame", async () => {
    const frames = readCapture("base-f9p-msm7-200s.rtcm3").frames.slice(0, FRAMES);
    await using bench = await openBench();
    const source = await joinSource(bench);
    await using gpsd = await Gpsd.start(`ntrip://tractor1:${ROVER_PASSWORD}@127.0.0.1:${bench.port}/MISATO1`);
    const connected = (): number => {
      bench.pass(0);
      return bench.bases.get("misato1")?.rovers ?? 0;
    };
    await until(
      () => connected() === 1,
      () => `gpsd on the mount; it says ${gpsd.log}`,
    );
    // What comes in the same read as the answer's head it throws away: it is given something until it listens.
    await until(
      () => {
        if (gpsd.reported.length === 0) source.send(frame1033());
        return gpsd.reported.length > 0;
      },
      () => `a first report; it says ${gpsd.log}`,
    );

    const ofStream = () => gpsd.reported.filter(({ type }) => type !== 1033);
    for (let at = 0; at < frames.length; at += FRAMES_AT_ONCE) {
      const part = frames.slice(at, at + FRAMES_AT_ONCE);
      source.send(Buffer.concat(part));
      await until(
        () => ofStream().length >= at + part.length,
        () => `${at + part.length} reports, not ${ofStream().length}; it says ${gpsd.log}`,
      );
    }
    expect(ofStream()).toEqual(frames.map((frame) => ({ type: messageType(frame), length: frame.length - 6 })));
    expect(connected()).toBe(1);
    expect(bench.metrics.get("azemichi_relay_rover_ends_total", { mount: "MISATO1" })).toBe(0);
    expect(bench.rovers.get("tractor1")?.agent).toMatch(/^NTRIP gpsd\//);
  }, 60_000);
});

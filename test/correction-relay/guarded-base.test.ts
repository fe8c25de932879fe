import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeMessage, FrameSplitter, latLonToEcef, messageType } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { RelayState } from "../../correction-relay/relay-state.ts";
import { simulateBase } from "./gnss/simulated-base.ts";
import { ARP, type Bench, baseOf, eventually, frame1006, frame1033, joinRover, joinSource, msm, openBench, type Peer } from "./support.ts";

const ANTENNA = latLonToEcef({ latDeg: 39.42, lonDeg: 140.55, heightM: 60 });
const surveyOf = ({ xM, yM, zM }: typeof ANTENNA) => ({ x: xM, y: yM, z: zM });
const epochAt = (ms: number): Uint8Array => msm(1077, ms, { announced: false });
const framesOf = (peer: Peer): Uint8Array[] => [...new FrameSplitter().push(peer.received.subarray(14))];
const typesOf = (peer: Peer): (number | null)[] => framesOf(peer).map((frame) => messageType(frame));
const noticesOf = (peer: Peer): string[] =>
  framesOf(peer).flatMap((frame) => {
    const message = decodeMessage(frame);
    return message.kind === "1029" ? [message.text] : [];
  });
const surveyed = (more: Parameters<typeof baseOf>[1] = {}) => [baseOf("MISATO1", { antenna: surveyOf(ARP), ...more })];
const moved = (m: number) => frame1006(0, { ...ARP, xM: ARP.xM + m });
const isStopped = (bench: Bench): boolean => {
  bench.pass(0);
  return bench.bases.get("misato1")?.truth?.guard.state === "stopped";
};

describe("the guard of a real mount", () => {
  test("nothing leaves before the position; what came before it follows it", async () => {
    await using bench = await openBench({ bases: surveyed() });
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    source.send(Buffer.concat([frame1033(), epochAt(1000)]));
    await eventually(() => bench.metrics.get("azemichi_relay_frames_total", { mount: "MISATO1" }) === 2, "two frames");
    bench.pass(61_000);
    expect(bench.events.find(({ code }) => code === "arp-missing")).toMatchObject({ severity: "alarm" });
    expect(typesOf(rover).filter((type) => type !== 1029)).toEqual([]);
    const later = await joinRover(bench);
    source.send(Buffer.concat([frame1006(), epochAt(2000)]));
    await later.until(() => typesOf(later).includes(1077), "an epoch");
    expect(typesOf(later)).toEqual([1006, 1033, 1077]);
  });

  test.each([
    ["11 mm", 0.011],
    ["4 cm", 0.04],
    ["1 m", 1],
    ["another datum", 450],
  ])("%s: stopped before a byte of it, told, closed within 2 s, and stopped it stays", async (_, m) => {
    await using bench = await openBench({ bases: surveyed() });
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    source.send(Buffer.concat([frame1006(), epochAt(1000)]));
    await rover.until(() => typesOf(rover).includes(1077), "an epoch");
    source.send(Buffer.concat([msm(1077, 2000, { announced: true }), moved(m), msm(1087, 2000, { announced: false })]));
    await eventually(() => isStopped(bench), "the stop");
    bench.pass(1000);
    await rover.untilClosed();
    expect(typesOf(rover)).toEqual([1006, 1077, 1029]);
    expect(noticesOf(rover)[0]).toMatch(/基準局の位置が測量値と.*違うため補正を止めました/);
    // A reconnect of the base proves nothing, however right its position is now.
    source.socket.destroy();
    await eventually(() => {
      bench.pass(0);
      return bench.bases.get("misato1")?.state === "absent";
    }, "the base gone");
    const again = await joinSource(bench);
    again.send(Buffer.concat([frame1006(), epochAt(3000)]));
    const newcomer = await joinRover(bench);
    await newcomer.untilClosed();
    expect(typesOf(newcomer)).toEqual([1029]);
  });

  test("9 mm pass", async () => {
    await using bench = await openBench({ bases: surveyed() });
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    source.send(Buffer.concat([moved(0.009), epochAt(1000)]));
    await rover.until(() => typesOf(rover).includes(1077), "an epoch");
    expect(isStopped(bench)).toBe(false);
  });

  test("a confirmation lifts it, and the next position must agree", async () => {
    await using bench = await openBench({ bases: surveyed() });
    const source = await joinSource(bench);
    source.send(moved(0.04));
    await eventually(() => isStopped(bench), "the stop");
    const confirm = (): void => {
      bench.pass(1000);
      bench.change({ ...bench.catalog(), orders: [{ baseId: "misato1", confirmedAtMs: bench.nowMs(), stoppedAtMs: null }] });
    };
    confirm();
    expect(isStopped(bench)).toBe(false);
    source.send(Buffer.concat([moved(0.04), epochAt(1000)]));
    await eventually(() => isStopped(bench), "the stop again");
    confirm();
    const rover = await joinRover(bench);
    source.send(Buffer.concat([frame1006(), epochAt(2000)]));
    await rover.until(() => typesOf(rover).includes(1077), "an epoch");
  });

  test("without a survey the position is learned, and a jump stops it over a restart of the relay too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "relay-state-"));
    const open = () => RelayState.open({ folder, log: silentLog, metrics: new Metrics() });
    {
      const state = await open();
      await using bench = await openBench({ state });
      const source = await joinSource(bench);
      const rover = await joinRover(bench);
      source.send(Buffer.concat([epochAt(1000), frame1006()]));
      await rover.until(() => typesOf(rover).includes(1006), "data at once");
      await eventually(() => bench.events.some(({ code }) => code === "arp-learned"), "learned");
      await state.close();
    }
    {
      const state = await open();
      await using bench = await openBench({ state });
      const source = await joinSource(bench);
      source.send(moved(0.02));
      await eventually(() => isStopped(bench), "the stop");
      await state.close();
    }
    await using bench = await openBench({ state: await open() });
    expect(isStopped(bench)).toBe(true);
    const rover = await joinRover(bench);
    await rover.untilClosed();
    expect(noticesOf(rover)[0]).toMatch(/基準局の位置が.*変わったため補正を止めました/);
    await rm(folder, { recursive: true });
  });
});

describe("a base whose mast was pushed, with 1005 unchanged", () => {
  /** A minute and a half of a base at 1 Hz, as fast as the relay takes it. */
  async function run(bump: { readonly atS: number; readonly enuM: readonly [number, number, number] } | undefined): Promise<{ bench: Bench; rover: Peer }> {
    const bench = await openBench({ bases: [baseOf("MISATO1", { antenna: surveyOf(ANTENNA) })] });
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    let frames = 0;
    for (const epoch of simulateBase({ startUnixMs: bench.nowMs(), seconds: 90, antenna: ANTENNA, seed: 5, ...(bump ? { bump } : {}) })) {
      frames += epoch.frames.length;
      source.send(Buffer.concat(epoch.frames));
      await eventually(() => bench.metrics.get("azemichi_relay_frames_total", { mount: "MISATO1" }) === frames, "all frames");
      bench.pass(1000);
      await new Promise((resolve) => setImmediate(resolve)); // what came is looked at behind its delivery
    }
    return { bench, rover };
  }

  test("by 4 cm: stopped, and the console hears why", async () => {
    const { bench, rover } = await run({ atS: 45, enuM: [0.04, 0, 0] });
    await using _ = bench;
    expect(isStopped(bench)).toBe(true);
    expect(bench.bases.get("misato1")?.truth?.guard.reason?.code).toBe("base-bumped");
    expect(bench.bases.get("misato1")?.truth?.displacementM).toBeGreaterThan(0.02);
    bench.pass(1000);
    await rover.untilClosed();
    expect(noticesOf(rover).at(-1)).toMatch(/基準局のアンテナが.*動いたため補正を止めました/);
  });

  test("not at all: nothing happens", async () => {
    const { bench } = await run(undefined);
    await using _ = bench;
    expect(bench.bases.get("misato1")?.truth?.guard.state).toBe("passing");
    expect(bench.events.filter(({ severity }) => severity === "alarm")).toEqual([]);
  });
});

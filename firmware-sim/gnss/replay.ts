import { createReadStream } from "node:fs";
import { FrameSplitter } from "rtcm-parser";
import { pause } from "../../core/runtime/back-off.ts";
import { bodyBytes, keepPushing, type SimulatorContext } from "./base-simulator.ts";
import type { NtripConnection, PushTarget } from "./ntrip-connection.ts";
import { ReplayPace } from "./replay-pace.ts";

/**
 * Pushes the frames of a recording at the pace of its own epochs, again from the beginning at its end, until the signal.
 * The file is read piece by piece, whatever its size. Rejects when it cannot be read.
 */
export async function runReplay(path: string, target: PushTarget, context: SimulatorContext): Promise<void> {
  let unreadable: unknown = null;
  const stop = new AbortController();
  await keepPushing(target, { ...context, signal: AbortSignal.any([context.signal, stop.signal]) }, async (connection) => {
    try {
      while (!connection.ended.aborted) await replayOnce(path, connection, target, context);
    } catch (error) {
      unreadable = error;
      stop.abort();
    }
  });
  if (unreadable !== null) throw unreadable;
}

async function replayOnce(path: string, connection: NtripConnection, target: PushTarget, { nowMs }: SimulatorContext): Promise<void> {
  const splitter = new FrameSplitter();
  const pace = new ReplayPace();
  let dueMs = nowMs();
  let frames = 0;
  for await (const bytes of createReadStream(path)) {
    for (const frame of splitter.push(bytes as Uint8Array)) {
      dueMs += pace.delayBeforeMs(frame);
      if (dueMs > nowMs()) await pause(dueMs - nowMs(), connection.ended);
      if (connection.ended.aborted || !connection.write(bodyBytes(target, frame))) return;
      frames += 1;
    }
  }
  if (frames === 0) throw new RangeError(`${path} holds no RTCM 3 frame`);
  await pause(1000, connection.ended); // the recording's end is an epoch, too; and a file without epochs does not spin
}

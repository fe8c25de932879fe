import { BackOff, pause } from "../../core/runtime/back-off.ts";
import type { Log } from "../../core/runtime/log.ts";
import { type BaseStation, BaseTransmitter } from "./base-transmitter.ts";
import { chunkOf, type NtripConnection, openPush, type PushTarget } from "./ntrip-connection.ts";

export interface SimulatorContext {
  readonly log: Log;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const EPOCH_MS = 1000;
const RECEIVER_MS = 60; // an epoch leaves a receiver so long after its second

/** Pushes epochs at 1 Hz until the signal; comes back by itself when the connection is lost. */
export async function runBase(station: BaseStation, target: PushTarget, context: SimulatorContext): Promise<void> {
  const transmitter = new BaseTransmitter(station);
  await keepPushing(target, context, (connection) => sendEpochs(transmitter, connection, target, context));
}

/** Connects, lets `send` write until it returns, and connects again with back-off, until the signal. */
export async function keepPushing(target: PushTarget, context: SimulatorContext, send: (connection: NtripConnection) => Promise<void>): Promise<void> {
  const { log, signal, random } = context;
  const backOff = new BackOff({ firstMs: 200, mostMs: 5000, random });
  while (!signal.aborted) {
    try {
      const connection = await openPush(target, signal);
      backOff.reset();
      log.info("base connected", { mount: target.mount, protocol: target.protocol });
      void discard(connection);
      await send(connection);
      connection.close();
    } catch (error) {
      if (!signal.aborted) log.debug("base not connected", { mount: target.mount, error });
    }
    await pause(backOff.nextMs(), signal);
  }
}

/** Bytes as this protocol carries them. */
export function bodyBytes(target: Pick<PushTarget, "protocol">, bytes: Uint8Array): Uint8Array {
  return target.protocol === "v2" ? chunkOf(bytes) : bytes;
}

async function sendEpochs(transmitter: BaseTransmitter, connection: NtripConnection, target: PushTarget, { nowMs }: SimulatorContext): Promise<void> {
  transmitter.restart();
  while (!connection.ended.aborted) {
    const epochMs = Math.floor((nowMs() - RECEIVER_MS) / EPOCH_MS + 1) * EPOCH_MS;
    await pause(epochMs + RECEIVER_MS - nowMs(), connection.ended);
    if (connection.ended.aborted) return;
    if (!connection.write(bodyBytes(target, Buffer.concat(transmitter.framesAt(epochMs))))) return;
  }
}

/** What a caster says to a base after its answer is of no use, but must be read for the end to be noticed. */
async function discard(connection: NtripConnection): Promise<void> {
  try {
    for await (const _ of connection.body);
  } catch {
    // the end of the connection is told by `ended`
  }
  connection.close();
}

import { Writable } from "node:stream";
import { main } from "../../correction-relay/rtcm-parser/bin/cli.ts";

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process, with these pieces on its standard input. */
export async function runCommand(args: readonly string[], stdin: AsyncIterable<Uint8Array> | readonly Uint8Array[] = []): Promise<Ran> {
  const stdout = new Collected();
  const stderr = new Collected();
  const status = await main(args, { stdin: piecesOf(stdin), stdout, stderr });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

async function* piecesOf(pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces;
}

class Collected extends Writable {
  text = "";

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

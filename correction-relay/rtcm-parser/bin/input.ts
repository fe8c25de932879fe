import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

const CHUNK_BYTES = 1 << 18;

export type InputErrorCode = "NOT_OPENED" | "NOT_READ" | "TOO_LARGE";

export class InputError extends Error {
  readonly code: InputErrorCode;

  constructor(code: InputErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = "InputError";
    this.code = code;
  }
}

/** Bytes to read once from the start and, of a regular file, again at any place. */
export interface Input extends AsyncDisposable {
  /** "-" for standard input. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes of a regular file from `offset` on, at most the buffer's length; absent where the input can be read once only. */
  readonly readAt?: (buffer: Uint8Array, offset: number) => number;
}

/** @throws InputError NOT_OPENED; reading then throws NOT_READ */
export async function openInput(name: string, stdin: AsyncIterable<Uint8Array>): Promise<Input> {
  if (name === "-") return { name, chunks: readable(stdin), [Symbol.asyncDispose]: async () => {} };
  const file = await opened(name);
  const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false });
  const input = {
    name,
    chunks: readable(stream),
    [Symbol.asyncDispose]: async () => {
      stream.destroy();
      await file.close();
    },
  };
  return (await file.stat()).isFile() ? { ...input, readAt: (buffer, offset) => readSync(file.fd, buffer, 0, buffer.length, offset) } : input;
}

async function opened(name: string): Promise<FileHandle> {
  try {
    const file = await open(name);
    if (!(await file.stat()).isDirectory()) return file;
    await file.close();
  } catch (cause) {
    throw new InputError("NOT_OPENED", reasonOf(cause), { cause });
  }
  throw new InputError("NOT_OPENED", "is a directory");
}

async function* readable(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* stream;
  } catch (cause) {
    throw new InputError("NOT_READ", reasonOf(cause), { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = { ENOENT: "no such file", EACCES: "permission denied", EISDIR: "is a directory" };

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return REASONS[code ?? ""] ?? message;
}

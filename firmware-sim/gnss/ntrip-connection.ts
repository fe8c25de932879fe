import { connect, type Socket } from "node:net";
import { readAnswer } from "./ntrip-answer.ts";

export interface Caster {
  readonly host: string;
  readonly port: number;
}

/** A stream that a caster accepted. */
export interface NtripConnection {
  /** What came with and after the answer, chunked framing still in it when `chunked`. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly chunked: boolean;
  /** false: the peer does not take it any more (connection closed, or 64 KiB wait unsent). */
  write(bytes: Uint8Array): boolean;
  close(): void;
  /** Aborted when the connection has ended, whoever ended it. */
  readonly ended: AbortSignal;
}

/** The caster answered, and said no. */
export class NtripRefusal extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "NtripRefusal";
  }
}

const ANSWER_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000; // a rover that hears nothing for so long tries again
const UNSENT_MAX_BYTES = 65_536;
const AGENT = "NTRIP Azemichi-Sim/0.1";

export type PushTarget = Caster & { readonly mount: string; readonly password: string; readonly protocol: "v1" | "v2" };
export type RoverTarget = Caster & { readonly mount: string; readonly username: string; readonly password: string; readonly protocol: "v1" | "v2" };

/** Base to caster. v1: `SOURCE password /MOUNT`; v2: `POST /MOUNT` with a chunked body, which the caller writes with `chunkOf`. */
export function openPush(target: PushTarget, signal: AbortSignal): Promise<NtripConnection> {
  const { mount, password } = target;
  if (target.protocol === "v1") return open(target, `SOURCE ${password} /${mount}\r\nSource-Agent: ${AGENT}\r\nSTR: \r\n\r\n`, signal);
  return open(target, httpHead(`POST /${mount} HTTP/1.1`, target, basic(mount, password), ["Content-Type: gnss/data", "Transfer-Encoding: chunked"]), signal);
}

/** Rover to caster. v1 has no version header and is answered `ICY 200 OK`. */
export function openRover(target: RoverTarget, signal: AbortSignal): Promise<NtripConnection> {
  const login = basic(target.username, target.password);
  if (target.protocol === "v1") return open(target, `GET /${target.mount} HTTP/1.0\r\nUser-Agent: ${AGENT}\r\n${login}\r\n\r\n`, signal);
  return open(target, httpHead(`GET /${target.mount} HTTP/1.1`, target, login, []), signal);
}

/** One piece of a chunked body (RFC 9112 §7.1). */
export function chunkOf(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`, "latin1"), bytes, Buffer.from("\r\n", "latin1")]);
}

function httpHead(first: string, { host, port }: Caster, login: string, more: readonly string[]): string {
  const lines = [first, `Host: ${host}:${port}`, "Ntrip-Version: Ntrip/2.0", `User-Agent: ${AGENT}`, login, ...more, "Connection: close"];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

const basic = (user: string, password: string): string => `Authorization: Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;

async function open(caster: Caster, request: string, signal: AbortSignal): Promise<NtripConnection> {
  const ended = new AbortController();
  const socket = connect({ host: caster.host, port: caster.port, noDelay: true });
  const stop = (): void => void socket.destroy();
  signal.addEventListener("abort", stop);
  const answerTimer = setTimeout(() => socket.destroy(new Error("no answer in time")), ANSWER_TIMEOUT_MS);
  socket.on("close", () => {
    signal.removeEventListener("abort", stop);
    clearTimeout(answerTimer);
    ended.abort();
  });
  socket.on("error", () => {}); // told by the iterator below, or by `ended`
  socket.write(request, "utf8");
  try {
    if (signal.aborted) throw new Error("aborted");
    const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array> & AsyncIterable<Uint8Array>;
    const { first, chunked } = await answered(chunks);
    clearTimeout(answerTimer);
    return { ...connectionOf(socket, ended.signal), chunked, body: bodyOf(first, chunks) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function answered(chunks: AsyncIterator<Uint8Array>): Promise<{ first: Uint8Array; chunked: boolean }> {
  let head: Uint8Array = new Uint8Array(0);
  for (;;) {
    const next = await chunks.next();
    if (next.done) throw new NtripRefusal("closed without an answer");
    head = Buffer.concat([head, next.value]); // at most 8 KiB: readAnswer decides by then
    const answer = readAnswer(head);
    if (answer.kind === "accepted") return { first: head.subarray(answer.bodyAt), chunked: answer.chunked };
    if (answer.kind === "refused") throw new NtripRefusal(answer.reason);
  }
}

function connectionOf(socket: Socket, ended: AbortSignal): Pick<NtripConnection, "write" | "close" | "ended"> {
  return {
    write(bytes) {
      if (socket.destroyed || socket.writableLength > UNSENT_MAX_BYTES) return false;
      socket.write(bytes);
      return true;
    },
    close: () => void socket.destroy(),
    ended,
  };
}

async function* bodyOf(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** Ends a connection on which nothing comes any more; call `heard` at each chunk. */
export function idleWatch(connection: Pick<NtripConnection, "close" | "ended">): { heard: () => void } {
  let timer = setTimeout(connection.close, IDLE_TIMEOUT_MS);
  connection.ended.addEventListener("abort", () => clearTimeout(timer));
  return {
    heard: () => {
      clearTimeout(timer);
      if (!connection.ended.aborted) timer = setTimeout(connection.close, IDLE_TIMEOUT_MS);
    },
  };
}

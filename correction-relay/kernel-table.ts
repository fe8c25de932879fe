import { closeSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";

/** A table of the kernel, read from its beginning to its end. */
export interface Table {
  /** @returns bytes read into `into` from `at` on; 0 at the end */
  read(into: Uint8Array, at: number): number;
  close(): void;
}

export function openTable(path: string): Table | null {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return null; // another system, or no file left to open: then this look sees nothing
  }
  return { read: (into, at) => readSync(fd, into, at, into.length - at, null), close: () => closeSync(fd) };
}

const ZEROS = 0x30303030; // "0000"

const LITTLE = endianness() === "LE";
const wordHex = (a: number, b: number, c: number, d: number): string =>
  Buffer.from(LITTLE ? [d, c, b, a] : [a, b, c, d])
    .toString("hex")
    .toUpperCase();
const MAPPED = `${wordHex(0, 0, 0, 0)}${wordHex(0, 0, 0, 0)}${wordHex(0, 0, 0xff, 0xff)}`; // ::ffff:0:0/96

/**
 * Rows of /proc/net/tcp or tcp6 with bytes waiting (proc_net_tcp in the kernel's documentation): `sl: local remote st tx:rx …`,
 * addresses as hex in the machine's byte order, a port of four digits behind each. Only the slot number varies in width.
 */
export class RowReader {
  readonly #table: Table;
  readonly #buffer: Buffer;
  readonly #family: 4 | 6;
  readonly #digits: 8 | 32; // of an address
  #tail = 0; // bytes of an unfinished row, at the buffer's begin
  #head = true; // the first row names the columns

  constructor(table: Table, buffer: Buffer, family: 4 | 6) {
    this.#table = table;
    this.#buffer = buffer;
    this.#family = family;
    this.#digits = family === 4 ? 8 : 32;
  }

  close(): void {
    this.#table.close();
  }

  /** Reads on a little. @returns false at the end */
  next(row: (localPort: number, peer: number | string, bytes: number) => void): boolean {
    const buffer = this.#buffer;
    const read = this.#table.read(buffer, this.#tail);
    if (read <= 0) return false;
    const end = this.#tail + read;
    let at = 0;
    for (let newline = buffer.indexOf(10); newline !== -1 && newline < end; newline = buffer.indexOf(10, at)) {
      if (!this.#head) this.#row(at, newline, row);
      this.#head = false;
      at = newline + 1;
    }
    this.#tail = end - at;
    if (this.#tail === buffer.length)
      this.#tail = 0; // a row longer than the buffer: not one of ours
    else buffer.copyWithin(0, at, end);
    return true;
  }

  #row(from: number, to: number, row: (localPort: number, peer: number | string, bytes: number) => void): void {
    const buffer = this.#buffer;
    const digits = this.#digits;
    const local = buffer.indexOf(0x3a, from) + 2;
    const localPort = local + digits + 1;
    const peer = localPort + 5;
    const queue = peer + digits + 1 + 8; // behind the port, a space, the state and a space
    if (local < 2 || queue + 8 > to) return;
    if (buffer.readUInt32BE(queue) === ZEROS && buffer.readUInt32BE(queue + 4) === ZEROS) return;
    row(hexAt(buffer, localPort, 4), this.#peerAt(peer), hexAt(buffer, queue, 8));
  }

  #peerAt(at: number): number | string {
    const buffer = this.#buffer;
    const port = hexAt(buffer, at + this.#digits + 1, 4);
    if (this.#family === 4) return hexAt(buffer, at, 8) * 65_536 + port;
    const address = buffer.toString("latin1", at, at + 32);
    return address.startsWith(MAPPED) ? hexAt(buffer, at + 24, 8) * 65_536 + port : `${address}:${port}`;
  }
}

/** An address and a port as the tables have them; IPv4 in IPv6 clothes as what it is. */
export function peerOf(address: string, port: number): number | string {
  const v4 = dottedWord(address, address.startsWith("::ffff:") ? 7 : 0);
  if (v4 !== null) return v4 * 65_536 + port;
  const [front = "", back] = address.replace(/%.*$/, "").split("::");
  const groups = (text: string): string[] => text.split(":").filter((group) => group !== "");
  const [head, tail] = [groups(front), groups(back ?? "")];
  const all = [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0"), ...tail].map((group) => Number.parseInt(group, 16));
  let words = "";
  for (let i = 0; i < 8; i += 2) {
    const [high = 0, low = 0] = [all[i], all[i + 1]];
    words += wordHex(high >> 8, high & 0xff, low >> 8, low & 0xff);
  }
  return `${words}:${port}`;
}

/** `1.2.3.4` from `at` on, as a word in the machine's byte order; null when it is none. By hand: each tractor that connects pays for it. */
function dottedWord(text: string, at: number): number | null {
  let word = 0;
  let byte = 0;
  let bytes = 0;
  for (let i = at; i <= text.length; i += 1) {
    const code = i === text.length ? 0x2e : text.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) byte = byte * 10 + code - 0x30;
    else if (code !== 0x2e) return null;
    else {
      word += byte * 256 ** (LITTLE ? bytes : 3 - bytes);
      bytes += 1;
      byte = 0;
    }
  }
  return bytes === 4 ? word : null;
}

function hexAt(buffer: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i += 1) {
    const code = buffer[i] as number;
    value = value * 16 + (code <= 0x39 ? code - 0x30 : code - 0x37);
  }
  return value;
}

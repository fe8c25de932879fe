type State = "size" | "data" | "data-end" | "trailer" | "done" | "broken";

/** A size line with its extensions, or a trailer, is no longer than this. */
const MAX_LINE_BYTES = 1024;
const LF = 10;

/** HTTP/1.1 chunked transfer coding (RFC 9112 §7.1), fed in any pieces. Bare LF is accepted, extensions are ignored. */
export class Dechunker {
  #state: State = "size";
  #line = "";
  #left = 0;
  #chunks = 0;

  /** Chunks begun so far, the last, empty one included. */
  get chunks(): number {
    return this.#chunks;
  }

  /** "broken": something stands where a size should be, and nothing more is decoded. "done": the last chunk was there. */
  get state(): State {
    return this.#state;
  }

  /** The data within the chunks, as views. What follows the last chunk is left out. */
  *push(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (let at = 0; at < bytes.length && this.#state !== "done" && this.#state !== "broken"; ) {
      if (this.#state === "data") {
        const data = bytes.subarray(at, at + this.#left);
        at += data.length;
        this.#left -= data.length;
        if (this.#left === 0) this.#state = "data-end";
        yield data;
      } else at = this.#readLine(bytes, at);
    }
  }

  /** Up to the end of the line, or of the bytes; gives the place behind it. */
  #readLine(bytes: Uint8Array, at: number): number {
    const lf = bytes.indexOf(LF, at);
    const end = lf === -1 ? bytes.length : lf + 1;
    for (const byte of bytes.subarray(at, Math.min(end, at + MAX_LINE_BYTES))) this.#line += String.fromCharCode(byte);
    if (this.#line.length >= MAX_LINE_BYTES) this.#state = "broken";
    else if (lf !== -1) {
      const line = this.#line.trimEnd();
      this.#line = "";
      this.#take(line);
    }
    return end;
  }

  #take(line: string): void {
    if (this.#state === "data-end") this.#state = line === "" ? "size" : "broken";
    else if (this.#state === "trailer") this.#state = line === "" ? "done" : "trailer";
    else {
      const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
      if (size === undefined) {
        this.#state = "broken";
        return;
      }
      this.#chunks += 1;
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? "trailer" : "data";
    }
  }
}

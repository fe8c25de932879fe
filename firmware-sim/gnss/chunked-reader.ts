/** Takes the framing off a chunked body (RFC 9112 §7.1), however the bytes are cut. Throws RangeError on what is no chunk. */
export class ChunkedReader {
  #sizeLine = "";
  #left = 0; // of the chunk's data
  #state: "size" | "data" | "data-end" | "over" = "size";

  *push(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    let at = 0;
    while (at < bytes.length && this.#state !== "over") {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = "data-end";
        yield bytes.subarray(at, end);
        at = end;
        continue;
      }
      const character = String.fromCharCode(bytes[at] as number);
      at += 1;
      if (this.#state === "size") this.#sizeCharacter(character);
      else if (character === "\n") this.#state = "size"; // the line end after the data
    }
  }

  #sizeCharacter(character: string): void {
    if (character !== "\n") {
      this.#sizeLine += character;
      if (this.#sizeLine.length > 256) throw new RangeError("chunk size line without end");
      return;
    }
    const size = /^([0-9a-fA-F]{1,7})\s*(;.*)?\r?$/.exec(this.#sizeLine)?.[1];
    if (size === undefined) throw new RangeError("not a chunk size");
    this.#sizeLine = "";
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "over" : "data";
  }
}

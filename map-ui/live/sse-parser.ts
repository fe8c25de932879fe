/** One message of an event stream (WHATWG HTML 9.2.6), or the sign of life that a comment is. */
export type SseItem = { readonly kind: "message"; readonly event: string; readonly data: string; readonly id: string | null } | { readonly kind: "comment" };

const MESSAGE_CHARS_MAX = 8_000_000; // a stream without line ends must not fill the phone's memory

/** Turns chunks of text into messages. Owns only the unfinished line and message. */
export class SseParser {
  #tail = "";
  #event = "";
  #data: string[] = [];
  #id: string | null = null;

  *push(chunk: string): Generator<SseItem, void, undefined> {
    const lines = (this.#tail + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#tail = lines.pop() ?? "";
    if (this.#tail.length > MESSAGE_CHARS_MAX) throw new RangeError("event stream line is too long");
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length > 0) yield { kind: "message", event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
        this.#event = "";
        this.#data = [];
      } else if (line.startsWith(":")) {
        yield { kind: "comment" };
      } else {
        this.#field(line);
      }
    }
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }
}

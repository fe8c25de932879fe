/**
 * Node's `Buffer` as far as vendor scripts use it to read frames, evaluated inside the sandbox before the script.
 * A plain script (no module): it leaves `Buffer`, `atob`, `btoa`, `TextEncoder` and `TextDecoder` as globals.
 */
{
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const fromBase64 = (text) => {
    const bytes = [];
    let bits = 0;
    let held = 0;
    for (const digit of text) {
      const value = DIGITS.indexOf(digit === "-" ? "+" : digit === "_" ? "/" : digit);
      if (value < 0) continue; // white space and padding
      held = ((held << 6) | value) & 0xffff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        bytes.push((held >> bits) & 0xff);
      }
    }
    return bytes;
  };
  const toBase64 = (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 3) {
      const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
      for (let k = 0; k < 4; k += 1) text += i + k > bytes.length ? "=" : DIGITS[(word >> (18 - 6 * k)) & 63];
    }
    return text;
  };
  const fromUtf8 = (text) => {
    const bytes = [];
    for (const character of text) {
      const point = character.codePointAt(0);
      const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
    return bytes;
  };
  /** How many bytes follow a first byte, and between what the one after it lies: overlong forms and surrogates are none (Unicode, table 3-7). */
  const sequenceOf = (first) => {
    if (first < 0x80) return { more: 0, from: 0x80, to: 0xbf };
    if (first >= 0xc2 && first < 0xe0) return { more: 1, from: 0x80, to: 0xbf };
    if (first >= 0xe0 && first < 0xf0) return { more: 2, from: first === 0xe0 ? 0xa0 : 0x80, to: first === 0xed ? 0x9f : 0xbf };
    if (first >= 0xf0 && first < 0xf5) return { more: 3, from: first === 0xf0 ? 0x90 : 0x80, to: first === 0xf4 ? 0x8f : 0xbf };
    return null;
  };
  const toUtf8 = (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i];
      const sequence = sequenceOf(first);
      i += 1;
      let code = sequence === null || sequence.more === 0 ? first : first & (0x3f >> sequence.more);
      let read = 0;
      while (sequence !== null && read < sequence.more) {
        const next = bytes[i];
        if (!(next >= (read === 0 ? sequence.from : 0x80) && next <= (read === 0 ? sequence.to : 0xbf))) break;
        code = (code << 6) | (next & 63);
        read += 1;
        i += 1;
      }
      text += String.fromCodePoint(sequence !== null && read === sequence.more ? code : 0xfffd);
    }
    return text;
  };
  const fromHex = (text) => {
    const bytes = [];
    for (let i = 0; i + 1 < text.length; i += 2) {
      const pair = text.slice(i, i + 2);
      if (!/^[0-9a-f]{2}$/i.test(pair)) break; // as Node does: the good part before it
      bytes.push(Number.parseInt(pair, 16));
    }
    return bytes;
  };
  const latin1 = (mask) => ({
    from: (text) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i) & 0xff),
    to: (bytes) => Array.prototype.map.call(bytes, (byte) => String.fromCharCode(byte & mask)).join(""),
  });
  const utf8 = { from: fromUtf8, to: toUtf8 };
  const base64 = { from: fromBase64, to: toBase64 };
  const ENCODINGS = new Map([
    ["hex", { from: fromHex, to: (bytes) => Array.prototype.map.call(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") }],
    ["base64", base64],
    ["base64url", { from: fromBase64, to: (bytes) => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") }],
    ["utf8", utf8],
    ["utf-8", utf8],
    ["ascii", latin1(0x7f)],
    ["latin1", latin1(0xff)],
    ["binary", latin1(0xff)],
  ]);
  const encodingOf = (name = "utf8") => {
    const encoding = ENCODINGS.get(String(name).toLowerCase());
    if (encoding === undefined) throw new TypeError(`Unknown encoding: ${name}`);
    return encoding;
  };

  class Buffer extends Uint8Array {
    /** `new Buffer(text, encoding)` is old, and still in scripts. */
    constructor(source, encodingOrOffset, length) {
      if (typeof source === "string") super(encodingOf(encodingOrOffset).from(source));
      else if (source instanceof ArrayBuffer) super(source, encodingOrOffset, length);
      else super(source);
    }
    static from(source, encodingOrOffset, length) {
      if (source?.type === "Buffer" && Array.isArray(source.data)) return new Buffer(source.data);
      if (typeof source === "number") throw new TypeError("The first argument must not be a number");
      return new Buffer(source, encodingOrOffset, length);
    }
    static of(...bytes) {
      return new Buffer(bytes);
    }
    static alloc(size, fill = 0, encoding = "utf8") {
      const made = new Buffer(size);
      const pattern = typeof fill === "string" ? encodingOf(encoding).from(fill) : [fill];
      if (pattern.length > 0) for (let i = 0; i < size; i += 1) made[i] = pattern[i % pattern.length];
      return made;
    }
    static allocUnsafe(size) {
      return new Buffer(size);
    }
    static isBuffer(value) {
      return value instanceof Buffer;
    }
    static isEncoding(name) {
      return ENCODINGS.has(String(name).toLowerCase());
    }
    static byteLength(value, encoding) {
      return typeof value === "string" ? encodingOf(encoding).from(value).length : value.byteLength;
    }
    static concat(list, total = list.reduce((sum, part) => sum + part.length, 0)) {
      const joined = new Buffer(total);
      let at = 0;
      for (const part of list) {
        joined.set(part.subarray(0, Math.max(0, total - at)), at);
        at = Math.min(total, at + part.length);
      }
      return joined;
    }
    static compare(a, b) {
      for (let i = 0; i < Math.min(a.length, b.length); i += 1) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
      return Math.sign(a.length - b.length);
    }
    /** Shares its bytes with the whole, unlike that of Uint8Array. */
    slice(start, end) {
      return this.subarray(start, end);
    }
    toString(encoding, start = 0, end = this.length) {
      return encodingOf(encoding).to(this.subarray(start, end));
    }
    toJSON() {
      return { type: "Buffer", data: Array.from(this) };
    }
    equals(other) {
      return Buffer.compare(this, other) === 0;
    }
    compare(other) {
      return Buffer.compare(this, other);
    }
    copy(target, targetStart = 0, start = 0, end = this.length) {
      const part = this.subarray(start, Math.min(end, start + target.length - targetStart));
      target.set(part, targetStart);
      return part.length;
    }
    write(text, offset = 0, length = this.length - offset, encoding = "utf8") {
      const bytes = encodingOf(typeof length === "string" ? length : encoding)
        .from(text)
        .slice(0, typeof length === "string" ? this.length - offset : length);
      this.set(bytes, offset);
      return bytes.length;
    }
    readUIntBE(offset, byteLength) {
      let value = 0;
      for (let i = 0; i < byteLength; i += 1) value = value * 256 + this.readUInt8(offset + i);
      return value;
    }
    readUIntLE(offset, byteLength) {
      let value = 0;
      for (let i = byteLength - 1; i >= 0; i -= 1) value = value * 256 + this.readUInt8(offset + i);
      return value;
    }
    readIntBE(offset, byteLength) {
      return signed(this.readUIntBE(offset, byteLength), byteLength);
    }
    readIntLE(offset, byteLength) {
      return signed(this.readUIntLE(offset, byteLength), byteLength);
    }
    swap16() {
      return swapped(this, 2);
    }
    swap32() {
      return swapped(this, 4);
    }
  }

  const signed = (value, byteLength) => (value >= 2 ** (8 * byteLength - 1) ? value - 2 ** (8 * byteLength) : value);
  const swapped = (buffer, width) => {
    if (buffer.length % width !== 0) throw new RangeError(`Buffer size must be a multiple of ${8 * width}-bits`);
    for (let i = 0; i < buffer.length; i += width) buffer.subarray(i, i + width).reverse();
    return buffer;
  };

  const define = (target, name, value) => Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  const viewOf = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

  /** [Node's name, DataView's name, bytes]: those wider than a byte exist as LE and BE. */
  const NUMBERS = [
    ["UInt8", "Uint8", 1],
    ["Int8", "Int8", 1],
    ["UInt16", "Uint16", 2],
    ["Int16", "Int16", 2],
    ["UInt32", "Uint32", 4],
    ["Int32", "Int32", 4],
    ["Float", "Float32", 4],
    ["Double", "Float64", 8],
    ["BigUInt64", "BigUint64", 8],
    ["BigInt64", "BigInt64", 8],
  ];
  for (const [name, kind, width] of NUMBERS) {
    for (const order of width === 1 ? [""] : ["LE", "BE"]) {
      const littleEndian = order === "LE";
      const read = function (offset = 0) {
        return viewOf(this)[`get${kind}`](offset, littleEndian);
      };
      const write = function (value, offset = 0) {
        viewOf(this)[`set${kind}`](offset, value, littleEndian);
        return offset + width;
      };
      for (const spelling of new Set([name, name.replace("UInt", "Uint")])) {
        define(Buffer.prototype, `read${spelling}${order}`, read);
        define(Buffer.prototype, `write${spelling}${order}`, write);
      }
    }
  }
  for (const order of ["LE", "BE"]) define(Buffer.prototype, `readUint${order}`, Buffer.prototype[`readUInt${order}`]);

  define(globalThis, "Buffer", Buffer);
  define(globalThis, "atob", (text) => latin1(0xff).to(fromBase64(String(text))));
  define(globalThis, "btoa", (text) => toBase64(latin1(0xff).from(String(text))));
  define(
    globalThis,
    "TextEncoder",
    class TextEncoder {
      encode(text = "") {
        return new Uint8Array(fromUtf8(String(text)));
      }
    },
  );
  define(
    globalThis,
    "TextDecoder",
    class TextDecoder {
      decode(bytes = []) {
        return toUtf8(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes);
      }
    },
  );
}

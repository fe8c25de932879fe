import { Duplex, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { type Body, PlainBody } from "../../core/wire/chunked-body.ts";
import type { Link } from "./link.ts";

const PIECE_BYTES = 16_384; // what unpacking may hold at once, whatever a few bytes claim to become

/** The same link with its gzip taken off (RFC 1952, several members in a row too): the body is undone first. Read no faster than it is used. */
export function unpacked(link: Link): Link {
  return { ...link, socket: gunzipped(link.socket, link.body, link.rest), body: new PlainBody(), rest: new Uint8Array(0) };
}

/** What `socket` sends inside `body` and gzip, as a stream of its own; what is written to it goes to the socket. */
export function gunzipped(socket: Duplex, body: Body, rest: Uint8Array): Duplex {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const packed = Readable.from(packedBytes(socket, body, rest), { objectMode: false });
  packed.on("error", (error) => gunzip.destroy(error));
  packed.pipe(gunzip);
  const link = Duplex.from({ readable: gunzip, writable: socket }) as Duplex;
  link.on("error", () => {}); // damaged: told by "close", which follows
  link.once("close", () => socket.destroy());
  return link;
}

async function* packedBytes(socket: Duplex, body: Body, rest: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield* body.push(rest);
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    yield* body.push(chunk);
    if (body.ended !== "no") return;
  }
}

import { pipeline, Readable } from "node:stream";
import { promisify } from "node:util";
import { createGzip, gzip as gzipCallback } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

const gzip = promisify(gzipCallback);
const TEXTS = /^(?:text\/(?!event-stream)|application\/(?:json|javascript|problem\+json)|image\/svg\+xml)/;
const WORTHWHILE_BYTES = 1024;
const LEVEL = 5; // a town's snapshot in half the time of the default, 3 % larger

/**
 * onSend: texts go out as gzip to who takes it; a phone in the fields waits for a fifth of the bytes. The event stream
 * never passes here, and answers already encoded, partial, or too small to gain are left alone.
 */
export async function compressed(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (!TEXTS.test(String(reply.getHeader("content-type") ?? ""))) return payload;
  reply.header("vary", "accept-encoding");
  if (!takesGzip(request) || reply.hasHeader("content-encoding") || reply.hasHeader("content-range") || request.method === "HEAD") return payload;
  if (payload instanceof Readable) {
    markGzip(reply);
    // breaking off reaches both ends: a browser that leaves stops the source, a source that fails leaves the file visibly cut
    return pipeline(payload, createGzip({ level: LEVEL }), () => {});
  }
  if ((typeof payload !== "string" && !Buffer.isBuffer(payload)) || payload.length < WORTHWHILE_BYTES) return payload;
  markGzip(reply);
  return gzip(payload, { level: LEVEL });
}

function markGzip(reply: FastifyReply): void {
  reply.removeHeader("content-length");
  reply.removeHeader("accept-ranges");
  const etag = reply.getHeader("etag");
  if (typeof etag === "string" && !etag.startsWith("W/")) reply.header("etag", `W/${etag}`); // other bytes, same content (RFC 9110 §8.8.3)
  reply.header("content-encoding", "gzip");
}

/** RFC 9110 §12.5.3, as far as browsers and curl use it: named, and not with weight 0. */
function takesGzip(request: FastifyRequest): boolean {
  const accept = request.headers["accept-encoding"];
  return typeof accept === "string" && accept.split(",").some((part) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?:1(?:\.0*)?|0?\.\d*[1-9]\d*))?\s*$/i.test(part));
}

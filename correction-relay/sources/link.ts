import type { Duplex } from "node:stream";
import type { Sentence } from "../../core/domain/live.ts";
import { type Body, PlainBody } from "../../core/wire/chunked-body.ts";

/** A way to a base's bytes that stands. */
export interface Link {
  readonly kind: "open";
  readonly socket: Duplex;
  readonly address: string; // for people, without secrets
  readonly agent: string | null;
  readonly body: Body;
  readonly rest: Uint8Array; // came with the answer
}

/** It did not come about. never: trying again would be bad manners, until somebody changes the entry. */
export interface NoLink {
  readonly kind: "failed";
  readonly retry: "soon" | "late" | "never";
  readonly note: Sentence;
}

export const noLink = (retry: NoLink["retry"], code: string, { ja, en }: { readonly ja: string; readonly en: string }): NoLink => ({
  kind: "failed",
  retry,
  note: { code, ja, en },
});

export const NOTHING: Uint8Array = new Uint8Array(0);
export const plainLink = (socket: Duplex, address: string, agent: string | null): Link => ({
  kind: "open",
  socket,
  address,
  agent,
  body: new PlainBody(),
  rest: NOTHING,
});

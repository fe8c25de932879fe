import type { Uplink } from "../domain/uplink.ts";
import { parseChirpstackEvent } from "./chirpstack.ts";
import { parseHeliumMessage } from "./helium.ts";
import { parseSenml } from "./senml.ts";
import { parseSigfoxMessage } from "./sigfox.ts";
import { parseSoracomMessage } from "./soracom.ts";
import { parseTtsHook, parseTtsMessage } from "./tts.ts";

const CHIRPSTACK = /^application\/[^/]+\/device\/([^/]+)\/event\/([^/]+)$/;
const TTS = /^v3\/[^/]+\/devices\/[^/]+\/(.+)$/;
const SENML = /^azemichi\/v1\/devices\/([^/]+)\/senml$/;
const HOOK = /^hooks\/([a-z]+)\/([^/]+)$/;

/** What came by HTTP, by the kind of its network. The level behind the kind is the event, for SORACOM the IMSI. */
const HOOKS: Readonly<Record<string, (level: string, payload: Uint8Array, receivedAtMs: number) => Uplink>> = {
  chirpstack: (event, payload) => parseChirpstackEvent(event, null, payload),
  tts: (_event, payload) => parseTtsHook(payload),
  helium: (event, payload) => parseHeliumMessage(event, payload),
  sigfox: (_event, payload) => parseSigfoxMessage(payload),
  soracom: parseSoracomMessage,
};

/**
 * What a message on a topic of DESIGN.md §5, or from a hook (`hooks/{kind}/{event}`), is. Never throws: what cannot be understood is `malformed`
 * with a reason that says what is wrong. `receivedAtMs` (Unix ms) is what relative SenML times are relative to.
 */
export function parseUplink(topic: string, payload: Uint8Array, receivedAtMs: number): Uplink {
  const chirpstack = CHIRPSTACK.exec(topic);
  if (chirpstack?.[1] !== undefined && chirpstack[2] !== undefined) return parseChirpstackEvent(chirpstack[2], chirpstack[1], payload);
  const tts = TTS.exec(topic);
  if (tts?.[1] !== undefined) return parseTtsMessage(tts[1], payload);
  const senml = SENML.exec(topic);
  if (senml?.[1] !== undefined) return parseSenml(senml[1], payload, receivedAtMs);
  const hook = HOOK.exec(topic);
  const kind = hook?.[1];
  if (hook?.[2] !== undefined && kind !== undefined && Object.hasOwn(HOOKS, kind)) {
    const read = HOOKS[kind];
    if (read !== undefined) return read(hook[2], payload, receivedAtMs);
  }
  return { kind: "other", event: "unused-topic", devEui: null };
}

import type { Uplink } from "../domain/uplink.ts";
import { parseChirpstackEvent } from "./chirpstack.ts";
import { parseSenml } from "./senml.ts";
import { parseTtsMessage } from "./tts.ts";

const CHIRPSTACK = /^application\/[^/]+\/device\/([^/]+)\/event\/([^/]+)$/;
const TTS = /^v3\/[^/]+\/devices\/[^/]+\/(.+)$/;
const SENML = /^azemichi\/v1\/devices\/([^/]+)\/senml$/;

/**
 * What a message on a topic of DESIGN.md §5 is. Never throws: what cannot be understood is `malformed` with a reason that says what is wrong.
 * `receivedAtMs` (Unix ms) is what relative SenML times are relative to.
 */
export function parseUplink(topic: string, payload: Uint8Array, receivedAtMs: number): Uplink {
  const chirpstack = CHIRPSTACK.exec(topic);
  if (chirpstack?.[1] !== undefined && chirpstack[2] !== undefined) return parseChirpstackEvent(chirpstack[2], chirpstack[1], payload);
  const tts = TTS.exec(topic);
  if (tts?.[1] !== undefined) return parseTtsMessage(tts[1], payload);
  const senml = SENML.exec(topic);
  if (senml?.[1] !== undefined) return parseSenml(senml[1], payload, receivedAtMs);
  return { kind: "other", event: "unused-topic", devEui: null };
}

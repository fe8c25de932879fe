import type { GetRequest } from "../core/wire/ntrip-request.ts";

interface AgentRow {
  readonly agent: RegExp; // of User-Agent
  readonly version: 1 | 2; // what it is answered in, whatever it says itself
  readonly reason: string;
}

/** `Ntrip-Version` decides; these are the programs for which it decides wrongly. The first row that fits counts. */
export const AGENTS: readonly AgentRow[] = [
  { agent: /^NTRIP RTKLIB\//i, version: 1, reason: "takes every answer that begins with HTTP/ for an error, whoever put a version into its request" },
  { agent: /\bAgOpenGPSClient\b|\bAgIO\b/i, version: 1, reason: "hands the answer's head to the receiver unread: the shortest one does least harm" },
  { agent: /\brpanion\b/i, version: 1, reason: "is ready at `ICY 200 OK` alone and otherwise never sends its GGA" },
  {
    agent: /^(Mozilla|curl|Wget|Lynx|python-requests|python-urllib3?|Python|aiohttp|Go-http-client|okhttp|Java|Dalvik|Apache-HttpClient|node|undici|axios)\b/i,
    version: 2,
    reason: "is an HTTP library, which takes `ICY 200 OK` for a broken answer",
  },
];

/** The version to answer in. */
export function versionFor({ version, agent }: Pick<GetRequest, "version" | "agent">): 1 | 2 {
  return (agent === null ? undefined : AGENTS.find((row) => row.agent.test(agent))?.version) ?? version;
}

/** Not every tractor says NTRIP (Outback says `HGPS/2.0`), so it is the browsers and tools that are told apart: they are shown plain text. */
export function tableDialectFor(request: Pick<GetRequest, "version" | "agent">): "v1" | "v2" | "browser" {
  const version = versionFor(request);
  return version === 2 && request.version === 1 ? "browser" : version === 2 ? "v2" : "v1";
}

import { spawn } from "node:child_process";
import type { Check } from "./rows.ts";
import { ADMIN_PASSWORD, DEVICES, NETWORK, type Server, startAzemichi } from "./servers.ts";
import { load, type Tools } from "./tools.ts";

const ROVERS = 200;
const SECONDS = 10;
const CLIENTS = 16; // of the API, each with its next question as soon as it has an answer
const UPLINKS_PER_S = 2000;

/** The whole service, with its API and its sensors under load: the corrections must not notice. */
export async function storm(tools: Tools, folder: string): Promise<{ readonly title: string; readonly checks: readonly Check[] }> {
  const service = await startAzemichi(folder, "service");
  const ending = new AbortController();
  try {
    const asking = ask(service, ending.signal);
    const uplinks = send(tools, service, ending.signal);
    const under = await load(tools, service, ["--n", String(ROVERS), "--rate", "1", "--bytes", "1000", "--warmup", "2", "--duration", String(SECONDS)]);
    ending.abort();
    const [answers, acknowledged] = await Promise.all([asking, uplinks]);
    const perS = (count: number): number => Math.round(count / (SECONDS + 4));
    return {
      title: `${perS(answers)} API queries/s and ${perS(acknowledged)} uplinks/s beside ${ROVERS} rovers at 1 Hz`,
      checks: [
        { text: `p99 ${under.latency_ms.p99} ms (≤ 20 ms)`, met: under.latency_ms.p99 <= 20 },
        { text: `lost ${under.lost} (0)`, met: under.lost === 0 && under.connected === ROVERS },
      ],
    };
  } finally {
    ending.abort();
    await service.stop();
  }
}

const QUERIES = ["snapshot", "readings/latest", "devices", "plots", "series?device=level-0&quantity=water.distance"];

/** @returns how many answers came */
async function ask({ ready }: Server, signal: AbortSignal): Promise<number> {
  const api = new URL("/api/v1/", ready["url"] as string);
  const session = await fetch(new URL("session", api), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: ADMIN_PASSWORD }),
  });
  if (!session.ok) throw new Error(`log-in failed: ${session.status}`);
  const cookie = session.headers
    .getSetCookie()
    .map((c) => c.split(";")[0])
    .join("; ");
  let answers = 0;
  const client = async (first: number): Promise<void> => {
    for (let i = first; !signal.aborted; i += 1) {
      try {
        const answer = await fetch(new URL(QUERIES[i % QUERIES.length] as string, api), { headers: { cookie }, signal });
        await answer.arrayBuffer();
        answers += 1;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i)));
  return answers;
}

/** @returns how many uplinks were acknowledged */
function send(tools: Tools, { ready }: Server, signal: AbortSignal): Promise<number> {
  const load = ["--payload", "chirpstack", "--topic", "application/bench/device/{devEui}/event/up", "--client-id", `${NETWORK.username}-{i}`];
  const account = ["--user", NETWORK.username, "--password", NETWORK.password, "--port", String(ready["mqtt"])];
  const rate = ["--publishers", String(DEVICES), "--window", "100", "--rate", String(UPLINKS_PER_S), "--warmup", "0", "--seconds", String(SECONDS + 4)];
  const child = spawn(process.execPath, [tools.mqttload, ...load, ...account, ...rate], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  return new Promise((resolve) => {
    const grace = (): void => void setTimeout(() => child.kill(), 8000).unref(); // it ends by itself a little later
    signal.addEventListener("abort", grace, { once: true });
    child.once("exit", () => resolve(Number(/"acked":(\d+)/.exec(text)?.[1] ?? 0)));
  });
}

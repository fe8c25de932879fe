import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { ConfigJson, LiveEvents, MeJson, SnapshotJson } from "../../../core/domain/api.ts";
import { fixtureArchive, fixtureDiagnosis, fixtureEvents, fixtureSeries, fixtureShares, fixtureStrangers } from "./fixture-field.ts";

/** What the server answers; a test changes it as it goes. */
export interface FixtureState {
  me: MeJson;
  config: ConfigJson;
  snapshot: () => SnapshotJson;
  password: string;
  /** "mute": streams open and say nothing, as behind a proxy that buffers. "down": every API request is cut. */
  trouble: "none" | "mute" | "down";
}

export interface FixtureServer {
  readonly url: string;
  readonly state: FixtureState;
  /** Paths asked for, oldest first. */
  readonly requests: readonly string[];
  publish<K extends keyof LiveEvents>(event: K, data: LiveEvents[K]): void;
  /** Cuts the open streams. */
  cutStreams(): void;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};
/** As strict as the page is built for. */
const CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

/** The built page and a canned API (core/domain/api.ts) on a free loopback port. */
export async function startFixtureServer(distDir: string, state: FixtureState): Promise<FixtureServer> {
  const streams = new Set<ServerResponse>();
  const requests: string[] = [];
  let eventId = 100;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fixture");
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    if (!url.pathname.startsWith("/api/v1/")) return sendFile(url.pathname, response);
    if (state.trouble === "down") {
      request.socket.destroy();
      return;
    }
    const path = url.pathname.slice("/api/v1/".length);
    if (path === "events") return openStream(request, response);
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json", "cache-control": "no-store" });
      response.end(JSON.stringify(body));
    };
    switch (`${request.method} ${path}`) {
      case "GET me":
        return json(200, state.me);
      case "GET config":
        return json(200, state.config);
      case "GET snapshot":
        return state.me.access === "none"
          ? json(401, { type: "about:blank", title: "log in", status: 401 })
          : json(200, { ...state.snapshot(), id: String(eventId) });
      case "GET series":
        return json(200, fixtureSeries(Date.parse(url.searchParams.get("from") ?? ""), Date.parse(url.searchParams.get("to") ?? "")));
      case "GET devices/unknown":
        if (!state.me.canSeeStaffPages) return json(403, { type: "about:blank", title: "Forbidden", status: 403 });
        return json(200, fixtureStrangers(Date.parse(state.snapshot().at)));
      case "GET rovers/tractor-1/diagnosis":
        return json(200, fixtureDiagnosis(state.snapshot().at));
      case "GET rovers/tractor-1/plots":
        return json(200, { roverId: "tractor-1", plots: fixtureShares(state.snapshot().at) });
      case "GET bases/misato1/events":
        return json(200, { events: fixtureEvents(state.snapshot().at) });
      case "GET bases/misato1/archive":
        return json(200, { baseId: "misato1", files: fixtureArchive });
      case "POST bases/misato1/confirm":
      case "POST bases/misato1/stop":
      case "POST bases/misato1/start":
      case "POST bases/recheck":
        if (state.me.user?.role !== "staff") return json(403, { type: "about:blank", title: "Forbidden", status: 403 });
        return json(200, { id: 1, at: state.snapshot().at, kind: path.split("/").at(-1), baseId: "misato1", username: "yakuba", reason: null });
      case "POST session": {
        const { password } = JSON.parse(await bodyOf(request)) as { password: string };
        if (password !== state.password) return json(401, { type: "about:blank", title: "wrong password", status: 401 });
        state.me = { ...state.me, access: "user", user: { id: "u1", username: "sato", role: "farmer", party: "sato-farm" } };
        return json(200, state.me);
      }
      case "DELETE session":
        state.me = { user: null, access: "none", canSeeStaffPages: false, plainListeners: [] };
        response.writeHead(204).end();
        return;
      default:
        return json(404, { type: "about:blank", title: "not found", status: 404 });
    }
  }

  function openStream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store, no-transform" });
    if (state.trouble === "mute") {
      response.flushHeaders();
    } else {
      response.write(`event: hello\ndata: ${JSON.stringify({ id: String(eventId), at: state.snapshot().at })}\n\n`);
    }
    streams.add(response);
    request.on("close", () => streams.delete(response));
  }

  async function sendFile(path: string, response: ServerResponse): Promise<void> {
    const file = normalize(path === "/" ? "/index.html" : path);
    try {
      const bytes = await readFile(join(distDir, file));
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": CSP });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    state,
    requests,
    publish(event, data) {
      eventId += 1;
      for (const stream of streams) stream.write(`id: ${eventId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    cutStreams() {
      for (const stream of streams) stream.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { parseLine } from "./line-grammar.ts";

/** Points as InfluxDB keeps them: fields unite under (measurement, tags, time), the last write of each wins. */
export class PointSet {
  readonly points = new Map<string, Record<string, number>>();

  write(lines: string): void {
    for (const line of lines.split("\n")) {
      const { measurement, tags, fields, timeMs } = parseLine(line);
      const key = keyOf(measurement, tags, timeMs);
      this.points.set(key, { ...this.points.get(key), ...fields });
    }
  }

  /** What a query with `<field>_q <> 9` finds: of each point the fields that hold. */
  standing(): Map<string, Record<string, number>> {
    const found = new Map<string, Record<string, number>>();
    for (const [key, fields] of this.points) {
      const held = Object.entries(fields).filter(([name]) => fields[`${name.replace(/_q$/, "")}_q`] !== 9);
      if (held.length > 0) found.set(key, Object.fromEntries(held));
    }
    return found;
  }
}

export function keyOf(measurement: string, tags: Readonly<Record<string, string>>, timeMs: number): string {
  return [
    measurement,
    ...Object.keys(tags)
      .sort()
      .map((k) => `${k}=${tags[k]}`),
    timeMs,
  ].join("|");
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown; // JSON, or text
}
/** Null: whatever the server would do. "hang up": the connection ends without an answer. */
export type Rule = (exchange: Exchange, number: number) => Answer | "hang up" | null;

const ORG = { id: "0a1b2c3d4e5f6071", name: "misato" };

/**
 * An HTTP server that answers as the documentation of InfluxDB 2.x says: writes, organizations, buckets, DBRP mappings, and
 * `/ping`. `rule` comes first, for all that can go wrong.
 */
export class FakeInflux {
  readonly kept = new PointSet();
  readonly exchanges: Exchange[] = [];
  readonly buckets = new Map<string, string>(); // name -> id
  readonly mappings: Record<string, unknown>[] = [];
  rule: Rule = () => null;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async listen(port = 0): Promise<FakeInflux> {
    const fake = new FakeInflux();
    fake.#server.listen(port, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  sent(method: string, path: string): Exchange[] {
    return this.exchanges.filter((e) => e.method === method && e.path === path);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const exchange: Exchange = {
      method: request.method ?? "",
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: request.headers,
      body: (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8"),
    };
    this.exchanges.push(exchange);
    const answer = this.rule(exchange, this.exchanges.length) ?? this.#answer(exchange);
    if (answer === "hang up") {
      request.socket.destroy();
      return;
    }
    const text = typeof answer.body === "string" ? answer.body : answer.body === undefined ? "" : JSON.stringify(answer.body);
    response.writeHead(answer.status, { ...(typeof answer.body === "object" ? { "content-type": "application/json" } : {}), ...answer.headers }).end(text);
  }

  #answer({ method, path, query, body }: Exchange): Answer {
    switch (`${method} ${path}`) {
      case "POST /api/v2/write":
        if (!this.buckets.has(query["bucket"] ?? "")) return refusal(404, "not found", `bucket "${query["bucket"]}" not found`);
        this.kept.write(body);
        return { status: 204 };
      case "POST /write":
        this.kept.write(body);
        return { status: 204 };
      case "GET /ping":
        return { status: 204 };
      case "GET /api/v2/orgs":
        if (query["org"] !== undefined && query["org"] !== ORG.name) return refusal(404, "not found", `organization name "${query["org"]}" not found`);
        return { status: 200, body: { links: { self: "/api/v2/orgs" }, orgs: [ORG] } };
      case "GET /api/v2/buckets": {
        const id = this.buckets.get(query["name"] ?? "");
        return { status: 200, body: { buckets: id === undefined ? [] : [{ id, orgID: ORG.id, name: query["name"], retentionRules: [] }] } };
      }
      case "POST /api/v2/buckets":
        return this.#makeBucket(JSON.parse(body) as { name: string; orgID: string });
      case "GET /api/v2/dbrps":
        return { status: 200, body: { content: this.mappings.filter((m) => m["database"] === query["db"]) } };
      case "POST /api/v2/dbrps":
        this.mappings.push(JSON.parse(body) as Record<string, unknown>);
        return { status: 201, body: { id: "0d00000000000001", ...this.mappings.at(-1) } };
      default:
        return refusal(404, "not found", "path not found");
    }
  }

  #makeBucket({ name, orgID }: { name: string; orgID: string }): Answer {
    if (orgID !== ORG.id) return refusal(404, "not found", "organization not found");
    if (this.buckets.has(name)) return refusal(422, "unprocessable entity", `bucket with name ${name} already exists`);
    this.buckets.set(name, `0b${String(this.buckets.size).padStart(14, "0")}`);
    return { status: 201, body: { id: this.buckets.get(name), orgID, name, retentionRules: [] } };
  }
}

/** The form in which 2.x and 3.x refuse. */
export function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } };
}

import type { FastifyRequest } from "fastify";
import type { User } from "../core/domain/site.ts";
import type { ApiContext } from "./context.ts";
import type { Problem } from "./problem.ts";
import type { Viewer } from "./visibility.ts";

export const SESSION_COOKIE = "azemichi_session";
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** From this very machine and not through a proxy that says otherwise; a foreign name in `Host` is a web page that rebinds DNS. */
export function fromThisMachine(request: FastifyRequest, trustProxy: string | null): boolean {
  if (!LOOPBACK.test(request.ip)) return false;
  if (trustProxy === null && (request.headers["x-forwarded-for"] !== undefined || request.headers["forwarded"] !== undefined)) return false;
  const name = request.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

/** Bare dates count to the end of their day: an account "until 31 March" still works on that day. */
export function mayLogIn(user: User, api: Pick<ApiContext, "zone" | "nowMs">): boolean {
  if (user.until === null) return true;
  const untilMs = api.zone().instantMs(user.until);
  const lastsMs = /^\d{4}-\d{2}-\d{2}$/.test(user.until) ? 86_400_000 : 0;
  return untilMs !== null && api.nowMs() < untilMs + lastsMs;
}

/** Who asks: the user of the session cookie, else the demo's visitor, else nobody. */
export function viewerOf(request: FastifyRequest, api: ApiContext): Viewer {
  const token = request.cookies[SESSION_COOKIE];
  const user = token === undefined ? undefined : api.sessions.userOf(token, (id) => api.catalog.current().users.find((u) => u.id === id));
  if (user && mayLogIn(user, api)) return { kind: "user", user };
  return api.settings.demo && fromThisMachine(request, api.settings.trustProxy) ? { kind: "demo" } : { kind: "none" };
}

/**
 * Changes asked for by a page of another site are refused (DESIGN.md §7); scripts send neither header and pass.
 * Compared is host and port: behind a proxy that ends TLS the scheme differs, and the host cannot be forged by a page.
 */
export function foreignChange(request: FastifyRequest, publicUrl: string | null): Problem | undefined {
  if (SAFE_METHODS.has(request.method)) return undefined;
  const refused: Problem = { status: 403, detail: "Changes are only accepted from this site's own pages." };
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return refused;
  const origin = request.headers.origin;
  if (origin === undefined) return undefined;
  if (!URL.canParse(origin)) return refused; // "null" too: a sandboxed frame or a file
  const own = publicUrl === null ? [request.host] : [request.host, new URL(publicUrl).host];
  return own.map(withoutDefaultPort).includes(withoutDefaultPort(new URL(origin).host)) ? undefined : refused;
}

const withoutDefaultPort = (host: string): string => host.toLowerCase().replace(/:(?:80|443)$/, "");

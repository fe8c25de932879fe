import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { MeJson } from "../../core/domain/api.ts";
import { fromThisMachine, mayLogIn, SESSION_COOKIE } from "../caller.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { MeSchema } from "../schemas.ts";
import { SESSION_DAYS } from "../sessions.ts";
import type { Viewer } from "../visibility.ts";
import { allows } from "../visibility.ts";

const Credentials = z.strictObject({ username: z.string().min(1).max(64), password: z.string().min(1).max(256) });

export function sessionRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "POST",
    url: "/session",
    summary: "Log in; the answer sets the session cookie",
    access: "public",
    body: Credentials,
    ok: { description: "who is logged in now", schema: MeSchema },
    handle: async ({ body, request }, reply) => {
      const user = api.catalog.current().users.find((u) => u.username === body.username);
      const address = fromThisMachine(request, api.settings.trustProxy) ? null : request.ip;
      const attempt = await api.guard.attempt({ username: body.username, address }, async () => {
        const matches = await api.verifyPassword(body.password, user?.passwordHash ?? api.decoyHash);
        return matches && user !== undefined && user.passwordHash !== null && mayLogIn(user, api);
      });
      if (attempt.kind === "backing-off")
        return sendProblem(reply, { status: 429, detail: "Too many wrong passwords. Wait a moment, then try again.", retryAfterS: attempt.retryAfterS });
      if (attempt.kind === "busy") return sendProblem(reply, { status: 503, detail: "Many people log in right now.", retryAfterS: attempt.retryAfterS });
      if (!attempt.correct || !user) {
        api.log.info("log-in refused", { username: body.username, address: request.ip });
        return sendProblem(reply, { status: 401, detail: "User name or password is wrong." });
      }
      const old = request.cookies[SESSION_COOKIE];
      if (old !== undefined) api.sessions.close(old);
      reply.setCookie(SESSION_COOKIE, api.sessions.open(user), cookieOptions(api, request.protocol, SESSION_DAYS * 86_400));
      return meOf(api, { kind: "user", user });
    },
  });

  addEndpoint(app, api, {
    method: "DELETE",
    url: "/session",
    summary: "Log out",
    access: "public",
    ok: { status: 204, description: "logged out", type: null },
    handle: ({ request }, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      if (token !== undefined) api.sessions.close(token);
      api.feed.recheck();
      return reply
        .clearCookie(SESSION_COOKIE, cookieOptions(api, request.protocol, 0))
        .code(204)
        .send();
    },
  });

  addEndpoint(app, api, {
    method: "GET",
    url: "/me",
    summary: "Who asks, and with which access",
    access: "public",
    ok: { description: "the caller", schema: MeSchema },
    handle: ({ viewer, request }, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      // sent anew, so that the browser's copy slides with ours
      if (token !== undefined && viewer.kind === "user") reply.setCookie(SESSION_COOKIE, token, cookieOptions(api, request.protocol, SESSION_DAYS * 86_400));
      return meOf(api, viewer);
    },
  });
}

function meOf(api: ApiContext, viewer: Viewer): MeJson {
  const canSeeStaffPages = allows("operator", viewer);
  const plainListeners = canSeeStaffPages ? api.settings.plainListeners : [];
  if (viewer.kind !== "user") return { user: null, access: viewer.kind, canSeeStaffPages, plainListeners };
  const { id, username, role, party } = viewer.user;
  return { user: { id, username, role, party }, access: "user", canSeeStaffPages, plainListeners };
}

function cookieOptions(api: ApiContext, protocol: string, maxAge: number): { path: string; httpOnly: true; sameSite: "lax"; secure: boolean; maxAge: number } {
  const secure = protocol === "https" || (api.settings.publicUrl?.startsWith("https:") ?? false);
  return { path: "/", httpOnly: true, sameSite: "lax", secure, maxAge };
}

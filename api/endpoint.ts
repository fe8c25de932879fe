import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { ApiContext } from "./context.ts";
import { dropNullFields } from "./null-fields.ts";
import { sendProblem } from "./problem.ts";
import type { Access, Viewer, Visibility } from "./visibility.ts";
import { allows, visibilityOf } from "./visibility.ts";

declare module "fastify" {
  interface FastifyRequest {
    viewer: Viewer;
  }
  interface FastifyContextConfig {
    endpoint?: EndpointDoc;
  }
}

/** What OpenAPI tells about an endpoint, from the very schemas that check its input. */
export interface EndpointDoc {
  readonly summary: string;
  readonly access: Access;
  readonly params: z.ZodObject | undefined;
  readonly query: z.ZodObject | undefined;
  readonly body: z.ZodType | undefined;
  readonly ok: { readonly status: number; readonly description: string; readonly type: string | null; readonly schema: z.ZodType | undefined };
}

const Nothing = z.strictObject({});

export interface Endpoint<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyLimitBytes?: number;
  /** `type` null: no content. The default is JSON. */
  readonly ok: { readonly status?: number; readonly description: string; readonly type?: string | null; readonly schema?: z.ZodType };
  /** Answers by its return value, or through `reply` (problems, streams). */
  readonly handle: (ask: Ask<P, Q, B>, reply: FastifyReply) => unknown;
}

/** A request whose input has been checked and whose caller may ask. */
export interface Ask<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  readonly viewer: Viewer;
  readonly visibility: Visibility;
  readonly request: FastifyRequest;
}

const jsonSchema = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { target: "draft-7", io: "input" });

export function addEndpoint<P extends z.ZodObject = typeof Nothing, Q extends z.ZodObject = typeof Nothing, B extends z.ZodType = z.ZodUndefined>(
  app: FastifyInstance,
  api: ApiContext,
  endpoint: Endpoint<P, Q, B>,
): void {
  const { access, ok } = endpoint;
  const doc: EndpointDoc = {
    summary: endpoint.summary,
    access,
    params: endpoint.params,
    query: endpoint.query,
    body: endpoint.body,
    ok: { status: ok.status ?? 200, description: ok.description, type: ok.type === undefined ? "application/json" : ok.type, schema: ok.schema },
  };
  app.route({
    method: endpoint.method,
    url: endpoint.url,
    exposeHeadRoute: false, // a HEAD would run the whole export, or hang on the event stream
    config: { endpoint: doc },
    ...(endpoint.bodyLimitBytes === undefined ? {} : { bodyLimit: endpoint.bodyLimitBytes }),
    schema: {
      querystring: jsonSchema(endpoint.query ?? Nothing),
      ...(endpoint.params ? { params: jsonSchema(endpoint.params) } : {}),
      ...(endpoint.body ? { body: jsonSchema(endpoint.body) } : {}),
    },
    onRequest: async (request, reply) => {
      if (allows(access, request.viewer)) return;
      const known = request.viewer.kind === "user";
      return sendProblem(reply, known ? { status: 403, detail: "Your account may not do this." } : { status: 401, detail: "Log in first." });
    },
    preValidation: async (request) => {
      if (endpoint.body) dropNullFields(endpoint.body, request.body);
    },
    handler: async (request, reply) => {
      const ask: Ask<P, Q, B> = {
        params: request.params as z.output<P>,
        query: request.query as z.output<Q>,
        body: request.body as z.output<B>,
        viewer: request.viewer,
        visibility: visibilityOf(request.viewer, api.catalog.current(), api.zone()),
        request,
      };
      const answer = await endpoint.handle(ask, reply);
      if (answer === reply || reply.sent) return reply;
      return reply.code(ok.status ?? 200).send(answer);
    },
  });
}

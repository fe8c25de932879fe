import { z } from "zod";
import type { EndpointDoc } from "./endpoint.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import { ProblemSchema } from "./schemas.ts";

export interface DocumentedEndpoint {
  readonly method: string;
  readonly url: string; // with its prefix, fastify's :name for parameters
  readonly doc: EndpointDoc;
}

/** OpenAPI 3.1 out of the schemas that the endpoints check with. */
export function openApi(options: { version: string; endpoints: readonly DocumentedEndpoint[] }): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, url, doc } of options.endpoints) {
    const path = url.replace(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = operation(method, path, doc);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Azemichi", version: options.version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(ProblemSchema) },
      securitySchemes: { session: { type: "apiKey", in: "cookie", name: "azemichi_session" } },
    },
  };
}

function operation(method: string, path: string, doc: EndpointDoc): unknown {
  const { ok } = doc;
  const content = ok.type === null ? undefined : { [ok.type]: ok.schema ? { schema: jsonSchema(ok.schema) } : { schema: { type: "string" } } };
  return {
    operationId: `${method.toLowerCase()}${path.replace(/^\/api\/v1/, "").replace(/\W+(\w)?/g, (_, c: string | undefined) => c?.toUpperCase() ?? "")}`,
    summary: doc.summary,
    security: doc.access === "public" ? [] : [{ session: [] }],
    parameters: [...parameters("path", doc.params), ...parameters("query", doc.query)],
    ...(doc.body
      ? { requestBody: { required: !doc.body.safeParse(undefined).success, content: { "application/json": { schema: jsonSchema(doc.body) } } } }
      : {}),
    responses: {
      [ok.status]: { description: ok.description, ...(content ? { content } : {}) },
      default: { description: "Problem Details (RFC 9457)", content: { [PROBLEM_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } } },
    },
  };
}

function parameters(place: "path" | "query", schema: z.ZodObject | undefined): unknown[] {
  if (!schema) return [];
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: place,
    required: place === "path" || !z.safeParse(field as z.ZodType, undefined).success,
    schema: jsonSchema(field as z.ZodType),
  }));
}

function jsonSchema(schema: z.ZodType): unknown {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" });
  return rest;
}

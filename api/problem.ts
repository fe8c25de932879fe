import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import type { ProblemJson } from "../core/domain/api.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** One place in what was sent, and what is wrong with it. */
export interface ProblemIssue {
  readonly path: string;
  readonly message: string;
}
export interface Problem {
  readonly status: number;
  readonly detail?: string;
  readonly issues?: readonly ProblemIssue[];
  readonly retryAfterS?: number;
}

/** RFC 9457 §4.2.1: without a type of its own, `about:blank` with the status' own phrase as title. */
export function problemJson(problem: Problem): ProblemJson & { readonly errors?: readonly ProblemIssue[] } {
  return {
    type: "about:blank",
    title: STATUS_CODES[problem.status] ?? "Error",
    status: problem.status,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(problem.issues === undefined ? {} : { errors: problem.issues }),
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterS !== undefined) reply.header("retry-after", String(Math.max(1, Math.ceil(problem.retryAfterS))));
  // a string and not an object: fastify would look for a serializer, and say application/json
  return reply
    .code(problem.status)
    .header("cache-control", "no-store")
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemJson(problem)));
}

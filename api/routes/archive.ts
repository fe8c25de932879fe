import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { archiveFolderOf, listArchive, openArchive } from "../archive-files.ts";
import type { ApiContext } from "../context.ts";
import { ArchiveSchema } from "../correction-schemas.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { IdSchema } from "../schemas.ts";
import { NO_BASE } from "./history.ts";

const DOWNLOADS_MAX = 8; // at once

/** Raw RTCM of each hour as it came, for RINEX (`convbin`) and for looking back. */
export function archiveRoutes(app: FastifyInstance, api: ApiContext): void {
  let running = 0;
  const folderOf = (baseId: string): string | null =>
    api.catalog.current().bases.some((b) => b.id === baseId) ? archiveFolderOf(api.settings.archiveFolder, baseId) : null;
  addEndpoint(app, api, {
    method: "GET",
    url: "/bases/:id/archive",
    summary: "The hourly raw files of a base",
    access: "staff",
    params: z.strictObject({ id: IdSchema }),
    ok: { description: "files", schema: ArchiveSchema },
    handle: async ({ params }, reply) => {
      const folder = folderOf(params.id);
      if (folder === null) return sendProblem(reply, { status: 404, detail: NO_BASE });
      return { baseId: params.id, files: await listArchive(folder, api.nowMs()) };
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/bases/:id/archive/:file",
    summary: "One hour of a base: RTCM 3 as it came",
    access: "staff",
    params: z.strictObject({ id: IdSchema, file: z.string().max(32) }),
    ok: { description: "the file", type: "application/octet-stream" },
    handle: async ({ params }, reply) => {
      const folder = folderOf(params.id);
      if (folder === null) return sendProblem(reply, { status: 404, detail: NO_BASE });
      if (running >= DOWNLOADS_MAX)
        return sendProblem(reply, { status: 503, detail: "Several downloads are running. Try again in a moment.", retryAfterS: 10 });
      const file = await openArchive(folder, params.file);
      if (file === null) return sendProblem(reply, { status: 404, detail: "There is no such file. Names are like 2026-06-01T03Z.rtcm3." });
      running += 1;
      file.stream.once("close", () => {
        running -= 1;
      });
      file.stream.once("error", (error) => api.log.warn("download broken off", { error }));
      return reply
        .type("application/octet-stream")
        .header("content-length", file.bytes)
        .header("content-disposition", `attachment; filename="${params.id}_${params.file}"`)
        .send(file.stream);
    },
  });
}

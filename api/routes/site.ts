import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ConfigJson } from "../../core/domain/api.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { ConfigSchema } from "../schemas.ts";

const SITE_BYTES_MAX = 20_000_000; // a site of 50,000 plots

type BaseMap = ConfigJson["baseMaps"][number];
const GSI_CREDIT = { creditText: "地理院タイル", creditUrl: "https://maps.gsi.go.jp/development/ichiran.html", maxNativeZoom: 18 };
const BASE_MAPS: Record<BaseMap["id"], BaseMap> = {
  blank: { id: "blank", url: null, maxNativeZoom: null, creditText: null, creditUrl: null },
  "gsi-pale": { id: "gsi-pale", url: "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png", ...GSI_CREDIT },
  "gsi-photo": { id: "gsi-photo", url: "https://cyberjapandata.gsi.go.jp/xyz/seamlessphoto/{z}/{x}/{y}.jpg", ...GSI_CREDIT },
};

export function siteRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/config",
    summary: "What a page must know before anybody logs in",
    access: "public",
    ok: { description: "site, version, target band and base maps", schema: ConfigSchema },
    handle: (): ConfigJson => {
      const { id, name, timeZone } = api.catalog.current().site;
      return {
        version: api.settings.version,
        demo: api.settings.demo,
        site: { id, name, timeZone },
        band: api.settings.band,
        baseMaps: [BASE_MAPS.blank, ...api.settings.baseMaps.map((map) => BASE_MAPS[map])], // blank first: it asks nobody
      };
    },
  });

  addEndpoint(app, api, {
    method: "GET",
    url: "/site",
    summary: "The site file; secrets as hashes",
    access: "siteReader",
    ok: { description: "the site file of DESIGN.md §4", schema: z.looseObject({}) },
    handle: () => api.siteAdmin.exportSite(),
  });

  addEndpoint(app, api, {
    method: "PUT",
    url: "/site",
    summary: "Import a site file (upsert)",
    access: "admin",
    body: z.looseObject({}),
    bodyLimitBytes: SITE_BYTES_MAX,
    ok: { description: "imported; warnings in plain words", schema: z.strictObject({ warnings: z.array(z.string()) }) },
    handle: async ({ body }, reply) => {
      const result = await api.siteAdmin.importSite(body);
      if (result.ok) return { warnings: result.warnings };
      return sendProblem(reply, { status: 422, detail: "The site file was not imported; nothing was changed.", issues: result.issues });
    },
  });
}

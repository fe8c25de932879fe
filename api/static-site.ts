import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import type { ApiContext } from "./context.ts";
import { pageHeaders } from "./security-headers.ts";

const NOT_BUILT = `<!doctype html>
<html lang="ja"><meta charset="utf-8"><title>Azemichi</title>
<h1>地図がまだ作られていません / The map is not built yet</h1>
<p><code>npm run build</code></p>
<p>API: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
</html>
`;

/** The built map at `/`. Files under `assets/` carry a hash of their content in their name and never change. */
export async function staticSite(app: FastifyInstance, api: ApiContext): Promise<void> {
  const headers = pageHeaders({ foreignTiles: api.settings.baseMaps.length > 0 });
  const root = api.settings.staticRoot;
  if (!existsSync(join(root, "index.html"))) {
    app.get("/", (_request, reply) => reply.headers(headers).header("cache-control", "no-store").type("text/html; charset=utf-8").send(NOT_BUILT));
    return;
  }
  const hashed = join(root, "assets") + sep;
  await app.register(fastifyStatic, {
    root,
    cacheControl: false,
    preCompressed: true, // .br and .gz beside a file are used when the build made them
    setHeaders: (reply, path) => {
      reply.headers(headers);
      reply.header("cache-control", path.startsWith(hashed) ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
}

import { once } from "node:events";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTlsListener } from "../../api/tls-listener.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { selfSigned } from "../support/self-signed.ts";
import type { TestApi } from "./api-fixture.ts";
import { testApi } from "./api-fixture.ts";

let t: TestApi;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-tls-"));
  t = await testApi();
});
afterEach(async () => {
  await t.close();
  rmSync(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
let written = 0;
function write(cert: string, key: string): void {
  writeFileSync(path("cert.pem"), cert);
  writeFileSync(path("key.pem"), key);
  written += 1;
  for (const name of ["cert.pem", "key.pem"]) utimesSync(path(name), 1_800_000_000 + written, 1_800_000_000 + written); // clocks of disks are coarse
}

/** Logs in over TLS; who the server says it is, and the cookie that it sets. */
async function visit(port: number): Promise<{ name: string | undefined; status: number | undefined; cookie: string }> {
  const call = request({
    host: "127.0.0.1",
    port,
    path: "/api/v1/session",
    method: "POST",
    rejectUnauthorized: false,
    headers: { "content-type": "application/json" },
    agent: false,
  });
  call.end(JSON.stringify({ username: "sato", password: "sato-password" }));
  const [response] = await once(call, "response");
  const name = (response.socket as TLSSocket).getPeerCertificate().subject["CN"];
  response.resume();
  await once(response, "end");
  return { name: Array.isArray(name) ? name[0] : name, status: response.statusCode, cookie: String(response.headers["set-cookie"]) };
}

test("the same routes over TLS; a renewed certificate is taken up, a broken one is not", async () => {
  const first = selfSigned("first");
  write(first.cert, first.key);
  const metrics = new Metrics();
  const { server, refresh } = createTlsListener(t.app, { certPath: path("cert.pem"), keyPath: path("key.pem"), log: silentLog, metrics });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  try {
    const seen = await visit(port);
    expect([seen.name, seen.status]).toEqual(["first", 200]);
    expect(seen.cookie).toMatch(/; HttpOnly; Secure; SameSite=Lax/);
    refresh();
    expect((await visit(port)).name).toBe("first");
    const second = selfSigned("second");
    write(second.cert, second.key);
    refresh();
    expect((await visit(port)).name).toBe("second");
    write("no certificate", second.key);
    refresh();
    expect((await visit(port)).name).toBe("second");
    expect(metrics.get("azemichi_web_certificate_failures_total")).toBe(1);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { TestApi } from "./api-fixture.ts";
import { testApi } from "./api-fixture.ts";
import { reading } from "./town.ts";

let t: TestApi;
afterEach(() => t.close());

const readings = Array.from({ length: 3000 }, (_, i) => reading("kita-level", "kita-3", new Date(1_780_000_000_000 + i * 60_000).toISOString(), i / 10));

describe.each(["/api/v1/openapi.json", "/api/v1/export/readings.csv"])("%s", (url) => {
  test("smaller by gzip to who takes it, the same to who does not", async () => {
    t = await testApi({ demo: true, readings });
    const plain = await t.app.inject({ url });
    const small = await t.app.inject({ url, headers: { "accept-encoding": "br;q=1.0, gzip;q=0.8" } });
    expect([plain.headers["content-encoding"], small.headers["content-encoding"], small.headers["vary"]]).toEqual([undefined, "gzip", "accept-encoding"]);
    expect(gunzipSync(small.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(small.rawPayload.length).toBeLessThan(plain.rawPayload.length / 3);
    expect(small.headers["content-length"]).toBe(small.headers["transfer-encoding"] ? undefined : String(small.rawPayload.length));
  });
});

test.each(["", "identity", "gzip;q=0", "br", "gzip;q=0.0, br"])("Accept-Encoding %j: as it is", async (accept) => {
  t = await testApi({ demo: true });
  const answer = await t.app.inject({ url: "/api/v1/openapi.json", headers: { "accept-encoding": accept } });
  expect([answer.statusCode, answer.headers["content-encoding"]]).toEqual([200, undefined]);
  expect(answer.json().openapi).toBe("3.1.0");
});

test("too little to gain: as it is", async () => {
  t = await testApi({ demo: true });
  const answer = await t.app.inject({ url: "/api/v1/me", headers: { "accept-encoding": "gzip" } });
  expect([answer.headers["content-encoding"], answer.json().access]).toEqual([undefined, "demo"]);
});

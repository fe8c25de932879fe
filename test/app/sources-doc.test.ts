import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ledger } from "../../core/domain/ledger.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";
import { profiles } from "../../ingest/decoders/registry.ts";
import { checkSite } from "../../store/site-check.ts";
import { ADMIN_PASSWORD, adminGet, fieldSite } from "../support/field-site.ts";
import { eventually, killGroup, ROOT, type Service, startService } from "../support/service.ts";

/** The examples of docs/sources.md, read from it and sent as they stand there. */
const DOC = readFileSync(join(ROOT, "docs", "sources.md"), "utf8");
const blocks = (language: string): string[] => [...DOC.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map((m) => m[1] ?? "");

interface Example {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}
function exampleOf(text: string): Example {
  const [head = "", ...rest] = text.split("\n\n");
  const [line = "", ...headers] = head.split("\n");
  const url = /^POST (\S+) HTTP\/1\.1$/.exec(line)?.[1];
  if (url === undefined) throw new Error(`no request line: ${line}`);
  return { url, headers: Object.fromEntries(headers.map((h) => [h.slice(0, h.indexOf(":")), h.slice(h.indexOf(":") + 1).trim()])), body: rest.join("\n\n") };
}

const entries = JSON.parse(blocks("json site")[0] ?? "{}") as Record<string, unknown>;
const examples = blocks("http").map(exampleOf);
let service: Service;
let get: Awaited<ReturnType<typeof adminGet>>;
beforeAll(async () => {
  service = await startService({ site: fieldSite(entries), env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } });
  get = await adminGet(service.ready);
});
afterAll(() => killGroup(service));

describe("docs/sources.md", () => {
  test("its site file is good, and names no secret twice", () => {
    const check = checkSite(fieldSite(entries), profiles());
    expect(check.ok && check.warnings.filter((w) => w.path.startsWith("networks"))).toEqual([]);
  });

  test("every request in it is taken, and becomes the readings that it holds", async () => {
    expect(examples.length).toBe(6);
    for (const { url, headers, body } of examples) {
      const answer = await fetch(new URL(url, service.ready.url), { method: "POST", headers, body });
      expect([url, answer.status, await answer.text()]).toEqual([url, 204, ""]);
    }
    const ledger = await eventually(
      async () => {
        const now = await get<Ledger>("ledger");
        return now.total.pending === 0 && now.total.received === examples.length ? now : undefined;
      },
      { timeoutMs: 20_000, what: "the journal to be processed" },
    );
    const one = { received: 1, stored: 1, duplicate: 0, rejected: 0, quarantined: 0, pending: 0 };
    expect(ledger.bySource).toEqual({ chirpstack: one, ttn: one, helium: one, sigfox: one, soracom: { ...one, received: 2, stored: 2 } });
    const { readings } = await get<{ readings: ReadingJson[] }>("readings/latest");
    const told = readings.map(({ deviceId, quantity, value, time }) => `${deviceId} ${quantity} ${value} ${time}`);
    expect(told).toEqual(
      expect.arrayContaining([
        "kita-3-level water.level 15 2026-06-01T03:00:00.000Z", // Helium's, the last of three
        "dam-temperature water.temperature 26.1 2026-06-01T01:00:00.000Z",
        "pond-level water.level 4.4 2026-06-01T03:00:00.000Z",
        "pond-level device.batteryVoltage 3.6 2026-06-01T02:00:00.000Z",
      ]),
    );
  });

  test("its Sigfox template, filled in as Sigfox does, is the body that it says arrives", () => {
    const template = blocks("json").find((text) => text.includes("{seqNumber}")) ?? "";
    const values: Record<string, string> = {
      device: "1D2E3F",
      time: "1780275600",
      data: "01670105",
      seqNumber: "812",
      station: "4F1A",
      rssi: "-121.00",
      snr: "14.20",
    };
    const filled = template.replace(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? "");
    expect(JSON.parse(filled)).toEqual(JSON.parse(examples.find((e) => e.url.includes("sigfox"))?.body ?? "{}"));
  });

  test("staff see that they came", async () => {
    const sources = await eventually(
      async () => {
        const now = await get<{ id: string; hook: { state: { uplinks: number } | null } }[]>("sources");
        return now.every(({ hook }) => hook.state !== null) ? now : undefined;
      },
      { timeoutMs: 10_000, what: "the sources' states" },
    );
    expect(Object.fromEntries(sources.map(({ id, hook }) => [id, hook.state?.uplinks]))).toEqual({ chirpstack: 1, ttn: 1, helium: 1, sigfox: 1, soracom: 2 });
  });
});

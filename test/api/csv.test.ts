import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readingsCsv } from "../../api/csv.ts";
import type { Reading } from "../../core/domain/reading.ts";
import { siteZone } from "../../core/domain/site-zone.ts";
import { reading } from "./town.ts";

const names: Record<string, string> = {
  "kita-level": "北の3番, 水位",
  evil: '=HYPERLINK("http://x","y")',
  minus: "-1 番",
  plus: "+81",
  at: "@home",
  tab: "\t=1",
  lines: "一\r\n二",
};

async function csv(rows: readonly Reading[], header: "machine" | "ja" = "machine", deviceName = (id: string) => names[id] ?? ""): Promise<string> {
  async function* source() {
    yield* rows;
  }
  const chunks: string[] = [];
  for await (const chunk of readingsCsv(source(), { header, zone: siteZone("Asia/Tokyo"), deviceName })) chunks.push(chunk);
  return chunks.join("");
}

const MACHINE = "\u{feff}device_id,device_name,plot_id,quantity,depth_cm,value,unit,time,time_local,received_at,quality,codec\r\n";

test("columns, zone, quoting and numbers, byte for byte", async () => {
  const rows = [
    reading("kita-level", "kita-3", "2026-05-31T21:00:00.005Z", -1.5),
    reading("kita-level", null, "2026-05-31T21:30:00.000Z", null, { quantity: "soil.moisture", unit: "%", depthCm: 12.5 }),
  ];
  expect(await csv(rows)).toBe(
    `${MACHINE}` +
      'kita-level,"北の3番, 水位",kita-3,water.level,,-1.5,cm,2026-05-31T21:00:00.005Z,2026-06-01 06:00:00,2026-05-31T21:00:01.239Z,1,dragino-ldds75\r\n' +
      'kita-level,"北の3番, 水位",,soil.moisture,12.5,,%,2026-05-31T21:30:00.000Z,2026-06-01 06:30:00,2026-05-31T21:30:01.234Z,9,dragino-ldds75\r\n',
  );
});

test("Japanese headers", async () => {
  expect(await csv([], "ja")).toBe("\u{feff}機器ID,機器名,圃場ID,項目,深さ(cm),値,単位,時刻(UTC),時刻(現地),受信時刻(UTC),品質,コーデック\r\n");
});

describe("a name that a spreadsheet would run is text", () => {
  test.each([
    ["evil", `"'=HYPERLINK(""http://x"",""y"")"`],
    ["minus", "'-1 番"],
    ["plus", "'+81"],
    ["at", "'@home"],
    ["tab", "'\t=1"],
    ["lines", '"一\r\n二"'],
  ])("%s", async (id, cell) => {
    const text = await csv([reading(id, "kita-3", "2026-06-01T00:00:00Z", 1)]);
    expect(text.slice(MACHINE.length).startsWith(`${id},${cell},kita-3,`)).toBe(true);
  });
});

test("a long export comes in pieces and asks for rows only as it is read", async () => {
  let given = 0;
  async function* endless() {
    for (;;) {
      given += 1;
      yield reading("kita-level", "kita-3", "2026-06-01T00:00:00Z", given);
    }
  }
  const chunks = readingsCsv(endless(), { header: "machine", zone: siteZone("Asia/Tokyo"), deviceName: () => "" });
  const first = await chunks.next();
  const asked = given;
  expect(first.done).toBe(false);
  expect(asked).toBeLessThan(1000);
  await chunks.next();
  expect(given).toBeGreaterThan(asked);
  expect(given).toBeLessThan(2 * asked + 10);
  await chunks.return();
});

/** A reader of RFC 4180 of the test's own. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const row = rows.at(-1) as string[];
    const c = text[i] as string;
    if (quoted && c === '"' && text[i + 1] === '"') {
      row[row.length - 1] += '"';
      i += 1;
    } else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ",") row.push("");
    else if (!quoted && c === "\r" && text[i + 1] === "\n") {
      rows.push([""]);
      i += 1;
    } else row[row.length - 1] += c;
  }
  return rows.slice(0, -1);
}

test("any name comes back from a reader of CSV as it was, or as text by its apostrophe; nothing else moves", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "binary", maxLength: 20 }), { minLength: 1, maxLength: 5 }), async (given) => {
      const rows = given.map((_, i) => reading(`d${i}`, "kita-3", "2026-06-01T00:00:00Z", -i));
      const cells = cellsOf((await csv(rows, "machine", (id) => given[Number(id.slice(1))] ?? "")).slice(MACHINE.length));
      expect(cells.map((c) => [c.length, c[0], c[5]])).toEqual(given.map((_, i) => [12, `d${i}`, String(-i)]));
      expect(cells.map((c) => c[1])).toEqual(given.map((name) => (/^[=+\-@\t\r]/.test(name) ? `'${name}` : name)));
    }),
  );
});

import type { Reading } from "../core/domain/reading.ts";
import type { SiteZone } from "../core/domain/site-zone.ts";

/** The columns of DESIGN.md §7, in their order, with their Japanese headers. */
const COLUMNS = [
  ["device_id", "機器ID"],
  ["device_name", "機器名"],
  ["plot_id", "圃場ID"],
  ["quantity", "項目"],
  ["depth_cm", "深さ(cm)"],
  ["value", "値"],
  ["unit", "単位"],
  ["time", "時刻(UTC)"],
  ["time_local", "時刻(現地)"],
  ["received_at", "受信時刻(UTC)"],
  ["quality", "品質"],
  ["codec", "コーデック"],
] as const;

const BOM = "\u{feff}"; // without it Excel in Japan reads Shift_JIS
const CHUNK_CHARS = 32_768;

/** Readings as CSV text in chunks: UTF-8 with BOM, CRLF, RFC 4180 quoting. Pulls rows only as fast as it is read. */
export async function* readingsCsv(
  rows: AsyncIterable<Reading>,
  options: { header: "machine" | "ja"; zone: SiteZone; deviceName: (deviceId: string) => string },
): AsyncGenerator<string, void, undefined> {
  const { zone, deviceName } = options;
  let chunk = BOM + line(COLUMNS.map(([machine, ja]) => (options.header === "ja" ? ja : machine)));
  for await (const r of rows) {
    chunk += line([
      text(r.deviceId),
      text(deviceName(r.deviceId)),
      text(r.plotId ?? ""),
      r.quantity,
      r.depthCm === null ? "" : String(r.depthCm),
      r.value === null ? "" : String(r.value),
      text(r.unit),
      new Date(r.timeMs).toISOString(),
      zone.localText(r.timeMs),
      new Date(r.receivedAtMs).toISOString(),
      String(r.quality.flag),
      text(r.codec.id),
    ]);
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

const line = (cells: readonly string[]): string => `${cells.map(quoted).join(",")}\r\n`;

/** RFC 4180 §2, 6–7. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** A name that starts like a formula would be run by the spreadsheet that opens it (CWE-1236). Numbers never pass here. */
const text = (cell: string): string => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);

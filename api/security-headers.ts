/** On every answer: what a browser may do with it. */
const COMMON = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "permissions-policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), serial=()",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
} as const;

/** Data is no page: nothing in it is ever run. */
export const API_HEADERS = { ...COMMON, "content-security-policy": "default-src 'none'; frame-ancestors 'none'" } as const;

const GSI_TILES = "https://cyberjapandata.gsi.go.jp";

/** The map and its files: our own scripts and styles only; the tiles' host only when such a base map is offered. */
export function pageHeaders(options: { foreignTiles: boolean }): Readonly<Record<string, string>> {
  const csp = [
    "default-src 'self'",
    `img-src 'self' data:${options.foreignTiles ? ` ${GSI_TILES}` : ""}`,
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "form-action 'self'",
  ];
  return { ...COMMON, "content-security-policy": csp.join("; ") };
}

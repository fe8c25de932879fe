/** Same-origin hashed files only, nothing inlined: the page runs under `default-src 'self'`. */
export default {
  base: "./",
  resolve: { alias: [{ find: /^leaflet$/, replacement: "leaflet/dist/leaflet-src.esm.js" }] }, // the ESM build can be shaken
  oxc: { jsx: { runtime: "automatic" as const, importSource: "preact" } },
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0, // a data: URL would need a wider CSP
    modulePreload: { polyfill: false },
  },
};

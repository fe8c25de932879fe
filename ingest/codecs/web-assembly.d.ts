/** The part of the WebAssembly API that the sandbox uses: it comes with the DOM's types, which nothing but the map has. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(limits: { readonly initial: number; readonly maximum: number }); // pages of 64 KiB
    readonly buffer: ArrayBuffer;
  }
}

import type { Duplex } from "node:stream";
import { type Link, type NoLink, noLink, plainLink } from "./link.ts";

interface SerialPortModule {
  readonly SerialPort: new (options: { path: string; baudRate: number; autoOpen: false }) => Duplex & { open(done: (error: Error | null) => void): void };
}

/** A receiver on a serial port or USB. The package `serialport` is optional: without it, a sentence says how to get it. */
export async function openSerial({ path, baud }: { readonly path: string; readonly baud: number }): Promise<Link | NoLink> {
  const name = "serialport"; // not known to be there, so not known to the compiler
  let module: SerialPortModule;
  try {
    module = (await import(name)) as SerialPortModule;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return noLink("never", "no-serialport", {
      ja: "シリアルポートには追加パッケージが必要です: npm install serialport",
      en: "serial ports need an optional package: npm install serialport",
    });
  }
  const port = new module.SerialPort({ path, baudRate: baud, autoOpen: false });
  const error = await new Promise<Error | null>((resolve) => port.open(resolve));
  if (error !== null) {
    return noLink("soon", "serial-port", { ja: `${path} を開けません（${error.message}）`, en: `${path} cannot be opened: ${error.message}` });
  }
  port.on("error", () => {}); // told by "close", which follows
  return plainLink(port, path, null);
}

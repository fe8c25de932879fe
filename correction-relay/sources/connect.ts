import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection, the name asked anew each time: bases and casters move behind dynamic DNS. Rejects after 10 s. */
export function connected(to: { readonly host: string; readonly port: number; readonly tls: boolean }, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = { host: to.host, port: to.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 };
    const socket = to.tls ? connectTls({ ...options, ...(/[a-z]/i.test(to.host) ? { servername: to.host } : {}) }) : connect(options);
    const give = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => give(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" })), CONNECT_TIMEOUT_MS);
    const abort = (): void => give(Object.assign(new Error("given up"), { code: "ABORTED" }));
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    signal.addEventListener("abort", abort);
    socket.once("error", (error) => {
      settle();
      give(error);
    });
    socket.once(to.tls ? "secureConnect" : "connect", () => {
      settle();
      socket.on("error", () => {}); // told by "close", which follows
      resolve(socket);
    });
    if (signal.aborted) abort();
  });
}

/** A failed connection's reason in words that help. */
export function whyNot(error: unknown): { readonly code: string; readonly ja: string; readonly en: string } {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  const known = WORDS[code];
  if (known) return { code: known.code, ja: known.ja, en: known.en };
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return { code: "tls", ja: `TLSの証明書を確かめられません（${code}）`, en: `the TLS certificate cannot be verified (${code})` };
  return { code: "no-connection", ja: `つながりません（${code}）`, en: `no connection (${code})` };
}

const WORDS: Readonly<Record<string, { readonly code: string; readonly ja: string; readonly en: string }>> = {
  ENOTFOUND: { code: "no-such-host", ja: "ホスト名が見つかりません", en: "there is no such host" },
  EAI_AGAIN: { code: "no-such-host", ja: "ホスト名を調べられません", en: "the host's name cannot be looked up" },
  ECONNREFUSED: { code: "port-closed", ja: "相手のポートが閉じています", en: "the peer's port is closed" },
  ETIMEDOUT: { code: "no-answer", ja: "応答がありません", en: "no answer" },
};

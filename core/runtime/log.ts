/** Events, not prose: a constant message and structured fields, one JSON line each on standard error. Secrets never go in. */
export type LogLevel = "debug" | "info" | "warn" | "error";
const RANK: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 };

export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
  child(fields: Record<string, unknown>): Log;
}

function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    ...("code" in value ? { code: value.code } : {}),
    ...(value.cause === undefined ? {} : { cause: plain(value.cause) }),
  };
}

/** `write` receives one line with its newline; standard error unless a test listens. */
export function createLog(options: { level: LogLevel; base?: Record<string, unknown>; write?: (line: string) => void }): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const base = options.base ?? {};
  const at =
    (level: LogLevel) =>
    (event: string, fields: Record<string, unknown> = {}) => {
      if (RANK[level] < RANK[options.level]) return;
      const line: Record<string, unknown> = { at: new Date().toISOString(), level, event, ...base };
      for (const [key, value] of Object.entries(fields)) line[key] = plain(value);
      write(`${JSON.stringify(line)}\n`);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createLog({ ...options, base: { ...base, ...fields } }),
  };
}

/** For tests and tools that have nothing to say. */
export const silentLog: Log = createLog({ level: "error", write: () => {} });

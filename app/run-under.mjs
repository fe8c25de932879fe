// Runs a program under another Node as if it were this process: same terminal, same signals, same exit code.
import { spawn } from "node:child_process";
import { ROOT } from "./setup.mjs";

/** The channel tells the child when this process is gone, however it went. */
export function runUnder(runtime, args, options = {}) {
  const child = spawn(runtime, args, {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, ...options.env },
    ...(options.inRoot ? { cwd: ROOT } : {}),
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`azemichi: ${runtime}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

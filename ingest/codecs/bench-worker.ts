import { parentPort } from "node:worker_threads";
import type { BenchAnswer, BenchQuestion } from "./codec-bench.ts";
import { runGate } from "./gate.ts";
import { Sandbox } from "./sandbox.ts";
import { tryCodec } from "./try-codec.ts";

/** The thread on which codecs are tried: it sleeps while their sandbox works, so that the API never does. */
const port = parentPort;
if (port) {
  const sandbox = new Sandbox();
  port.on("message", ({ id, question }: { id: number; question: BenchQuestion }) => {
    sandbox.start();
    const answer: BenchAnswer =
      question.kind === "gate"
        ? { kind: "gate", report: runGate(question.codec, sandbox, Date.now) }
        : { kind: "try", trial: tryCodec(question.codec, sandbox, question.frame) };
    port.postMessage({ id, answer });
  });
}

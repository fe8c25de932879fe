import { useState } from "preact/hooks";
import type { BaseJson } from "../../core/domain/api.ts";
import type { StaffOrderKind } from "../../core/domain/staff-order.ts";
import { giveOrder } from "../live/corrections-client.ts";
import { ConfirmDialog } from "../parts/confirm.tsx";
import { clocks } from "../state/store.ts";
import { truthMessages } from "../state/truth.ts";
import { useSignal } from "../state/use-signal.ts";

type Sent = { readonly kind: "idle" | "busy" | "refused" | "failed" } | { readonly kind: "done"; readonly at: string };

/** What staff may do about a base. Each is asked about first; the server keeps who it was. */
export function BaseOrders({ base }: { base: BaseJson }) {
  const t = useSignal(truthMessages);
  const clock = useSignal(clocks);
  const [asked, setAsked] = useState<StaffOrderKind | null>(null);
  const [sent, setSent] = useState<Sent>({ kind: "idle" });
  const guardStopped = base.health?.truth?.guard.state === "stopped" && base.health.truth.guard.reason?.code !== "staff-stopped";
  const offered: readonly StaffOrderKind[] = [
    ...(guardStopped ? (["confirm"] as const) : []),
    base.stoppedAt === null ? ("stop" as const) : ("start" as const),
    "recheck",
  ];
  async function send(kind: StaffOrderKind): Promise<void> {
    setSent({ kind: "busy" });
    const answer = await giveOrder(kind, kind === "recheck" ? null : base.id);
    if (answer.kind === "ok") setSent({ kind: "done", at: answer.value.at });
    else setSent({ kind: answer.kind === "refused" || answer.kind === "log-in" ? "refused" : "failed" });
  }
  return (
    <fieldset class="choices orders">
      <legend>{t.orders.title}</legend>
      {offered.map((kind) => (
        <button key={kind} type="button" class="button" disabled={sent.kind === "busy"} onClick={() => setAsked(kind)}>
          {t.orders[kind]}
        </button>
      ))}
      <p role="status">{sent.kind === "idle" ? "" : sent.kind === "done" ? t.orders.done(clock.time(Date.parse(sent.at))) : t.orders[sent.kind]}</p>
      {asked !== null && (
        <ConfirmDialog
          question={asked === "recheck" ? t.orders.sure.recheck : t.orders.sure[asked](base.name)}
          yes={t.orders[asked]}
          no={t.orders.cancel}
          onYes={() => void send(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </fieldset>
  );
}

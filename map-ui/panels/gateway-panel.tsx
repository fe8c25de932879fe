import { Facts } from "../parts/facts.tsx";
import { Mark } from "../parts/mark.tsx";
import { GATEWAY_TONE } from "../parts/tones.ts";
import { timeAgo } from "../state/format.ts";
import { GATEWAY_SHAPE, gatewayMark } from "../state/stations.ts";
import { clockMs, field, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";

export function GatewayPanel({ id }: { id: string }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const gateway = useSignal(field).gateways.get(id);
  if (gateway === undefined) return <h2>{id}</h2>;
  const mark = gatewayMark(gateway, now);
  const seen = gateway.state?.lastSeenAt ?? null;
  return (
    <>
      <h2 class="panel__title">
        <span aria-hidden="true">▣</span> {gateway.name}
      </h2>
      <Mark shape={GATEWAY_SHAPE[mark]} word={m.gateway[mark]} tone={GATEWAY_TONE[mark]} size="line" />
      <p class="panel__sentence">{seen === null ? m.gateway.never : m.gateway.lastSeen(timeAgo(Date.parse(seen), now, m))}</p>
      <Facts rows={[{ name: m.gateway.eui, value: <code>{gateway.eui}</code> }]} />
    </>
  );
}

import { useEffect, useState } from "preact/hooks";
import type { UnknownDevicesJson } from "../../core/domain/uplink-json.ts";
import type { SensorMessages } from "../i18n/sensors-ja.ts";
import { fetchStrangers } from "../live/strangers-client.ts";
import { timeAgo } from "../state/format.ts";
import { clockMs, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";

const ASK_EVERY_MS = 60_000; // no event tells of them
const LISTED_MAX = 20;

/** 未登録の端末: who sends and is in no catalog. Asked for while it is on the screen. */
export function Strangers({ t }: { t: SensorMessages }) {
  const words = t.strangers;
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const [found, setFound] = useState<UnknownDevicesJson | "failed" | null>(null);
  useEffect(() => {
    const shown = { is: true };
    const look = async () => {
      const answer = await fetchStrangers(LISTED_MAX);
      if (shown.is) setFound(answer.kind === "ok" ? answer.value : "failed");
    };
    void look();
    const timer = setInterval(() => void look(), ASK_EVERY_MS);
    return () => {
      shown.is = false;
      clearInterval(timer);
    };
  }, []);
  if (found === null) return null;
  if (found === "failed") return <p>{words.failed}</p>;
  if (found.total === 0) return <p>{words.title(0)}</p>;
  return (
    <details class="strangers">
      <summary>{words.title(found.total)}</summary>
      <p>{words.hint}</p>
      <ul>
        {found.devices.map(({ key, count, lastReceivedAt }) => (
          <li key={key} class="strangers__item">
            <code>{key}</code> <span>{words.heard(count, timeAgo(Date.parse(lastReceivedAt), now, m))}</span>
          </li>
        ))}
      </ul>
      {found.total > found.devices.length && <p>{t.more(found.total - found.devices.length)}</p>}
    </details>
  );
}

import { MARK_SHAPE } from "../state/paddies.ts";
import { messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { PADDY_TONE } from "./tones.ts";

const MARKS = ["ok", "low", "high", "unknown"] as const;

export function Legend() {
  const m = useSignal(messages);
  return (
    <details class="legend">
      <summary>{m.map.legend}</summary>
      <ul>
        {MARKS.map((mark) => (
          <li key={mark}>
            <span class="legend__shape" data-tone={PADDY_TONE[mark]} aria-hidden="true">
              {MARK_SHAPE[mark]}
            </span>
            {m.mark[mark]}
          </li>
        ))}
        <li>
          <span class="legend__shape" aria-hidden="true">
            ⌂
          </span>
          {m.map.base}
        </li>
        <li>
          <span class="legend__shape" aria-hidden="true">
            ➤
          </span>
          {m.map.rover} ({m.map.fixLetters})
        </li>
        <li>
          <span class="legend__shape" aria-hidden="true">
            ▣
          </span>
          {m.map.gateway}
        </li>
      </ul>
    </details>
  );
}

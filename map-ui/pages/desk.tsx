import { useEffect, useRef, useState } from "preact/hooks";
import { SelectedPanel } from "../panels/panel.tsx";
import { Icon } from "../parts/icons.tsx";
import { Mark } from "../parts/mark.tsx";
import { PADDY_TONE } from "../parts/tones.ts";
import { timeAgo, valueText } from "../state/format.ts";
import { groupsOf, MARK_SHAPE, type Paddy } from "../state/paddies.ts";
import { clockMs, field, messages, paddies } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { navigate, view } from "../state/view.ts";
import { MapPane } from "./map-page.tsx";
import { StationsPage } from "./stations.tsx";
import { Headline, NoPaddies } from "./today.tsx";

const ROWS_MAX = 300; // beyond it the filter is quicker than scrolling

/** Table and map side by side in lockstep; the third column tells of what is selected, or of bases and tractors. */
export function DeskPage() {
  const m = useSignal(messages);
  const { selected } = useSignal(view);
  const all = useSignal(paddies);
  const loaded = useSignal(field).id !== null;
  const { look, good } = groupsOf(all);
  return (
    <div class="desk">
      <section class="desk__list">
        {!loaded && <p class="waiting">{m.live.startingBanner}</p>}
        {loaded && all.length === 0 && <NoPaddies />}
        {all.length > 0 && (
          <>
            <Headline look={look.length} all={look.length + good.length} />
            <PaddyTable all={all} />
          </>
        )}
      </section>
      <MapPane />
      <aside class="desk__side" aria-label={selected === null ? m.stations.title : m.nav.detail}>
        {selected === null ? <StationsPage /> : <SelectedPanel layout="desk" />}
      </aside>
    </div>
  );
}

function PaddyTable({ all }: { all: readonly Paddy[] }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const { selected } = useSignal(view);
  const [wanted, setWanted] = useState("");
  const words = wanted.trim().toLowerCase();
  const matching = words === "" ? all : all.filter((p) => `${p.name} ${m.mark[p.mark]}`.toLowerCase().includes(words));
  const rows = matching.slice(0, ROWS_MAX);
  const chosen = selected?.kind === "plot" ? selected.id : null;
  const body = useRef<HTMLTableSectionElement>(null);

  // Chosen on the map: bring its row into sight.
  useEffect(() => {
    if (chosen !== null) body.current?.querySelector(`[data-plot="${CSS.escape(chosen)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  function onKeyDown(event: KeyboardEvent): void {
    const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = rows.findIndex((p) => p.id === (event.target as HTMLElement).dataset["plot"]);
    if (event.key === "Enter" || event.key === " ") choose(rows[from]);
    else if (event.key === "Escape") navigate({ selected: null }, "replace");
    else if (steps !== undefined) choose(rows[Math.min(rows.length - 1, Math.max(0, from + steps))]);
    else return;
    event.preventDefault();
  }
  function choose(paddy: Paddy | undefined): void {
    if (paddy === undefined) return;
    navigate({ selected: { kind: "plot", id: paddy.id } }, "replace");
    body.current?.querySelector<HTMLElement>(`[data-plot="${CSS.escape(paddy.id)}"]`)?.focus();
  }

  const tabStop = rows.some((p) => p.id === chosen) ? chosen : (rows[0]?.id ?? null);
  return (
    <>
      <label class="filter">
        <Icon name="search" />
        <span class="visually-hidden">{m.list.filter}</span>
        <input class="input" type="search" placeholder={m.list.filterHint} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
      </label>
      <div class="paddy-scroll">
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid of rows to choose from is still a table to read (WAI-ARIA, grid role) */}
        <table class="table paddy-table" role="grid" aria-label={m.list.caption} aria-rowcount={matching.length + 1} aria-describedby="paddy-keys">
          <thead>
            <tr>
              <th scope="col">{m.list.mark}</th>
              <th scope="col">{m.list.name}</th>
              <th scope="col" class="number">
                {m.list.level}
              </th>
              <th scope="col" class="number">
                {m.list.age}
              </th>
            </tr>
          </thead>
          <tbody ref={body} onKeyDown={onKeyDown}>
            {rows.map((paddy) => (
              <tr
                key={paddy.id}
                data-plot={paddy.id}
                aria-selected={paddy.id === chosen}
                tabIndex={paddy.id === tabStop ? 0 : -1}
                onClick={() => choose(paddy)}
              >
                <td>
                  <Mark
                    shape={MARK_SHAPE[paddy.mark]}
                    word={paddy.cause === "no-sensor" ? m.paddy.noSensorWord : m.mark[paddy.mark]}
                    tone={PADDY_TONE[paddy.mark]}
                    size="line"
                  />
                </td>
                <td class="paddy-table__name">{paddy.name}</td>
                <td class="number">{paddy.mark === "unknown" || paddy.levelCm === null ? m.none : `${valueText(paddy.levelCm, "cm")} cm`}</td>
                <td class="number">{paddy.timeMs === null ? m.none : timeAgo(paddy.timeMs, now, m)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p>{m.list.noMatch}</p>}
        {matching.length > rows.length && <p>{m.list.more(matching.length - rows.length)}</p>}
      </div>
      <p class="paddy-keys" id="paddy-keys">
        {m.list.keys}
      </p>
    </>
  );
}

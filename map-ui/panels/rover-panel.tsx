import type { RoverJson } from "../../core/domain/api.ts";
import type { RoverState } from "../../core/domain/live.ts";
import type { Messages } from "../i18n/ja.ts";
import { type Fact, Facts } from "../parts/facts.tsx";
import { later } from "../parts/later.tsx";
import { Mark } from "../parts/mark.tsx";
import { ROVER_TONE } from "../parts/tones.ts";
import { type Clocks, timeAgo } from "../state/format.ts";
import { mustStop, ROVER_SHAPE, roverMark, roverNotice, roverWords } from "../state/stations.ts";
import { clockMs, clocks, field, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { view } from "../state/view.ts";

export function RoverPanel({ id }: { id: string }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const clock = useSignal(clocks);
  const { lang } = useSignal(view);
  const { rovers, bases } = useSignal(field);
  const rover = rovers.get(id);
  if (rover === undefined) return <h2>{id}</h2>;
  const mark = roverMark(rover, now);
  const notice = roverNotice(rover, now);
  const state = rover.state;
  const base = state?.baseId ? (bases.get(state.baseId)?.name ?? state.baseId) : null;
  return (
    <>
      <h2 class="panel__title">
        <span aria-hidden="true">➤</span> {rover.name}
      </h2>
      {notice !== null && <p class={mustStop(notice) ? "stop-banner" : "panel__sentence notice"}>{notice[lang]}</p>}
      <Mark shape={ROVER_SHAPE[mark]} word={roverWords(mark, m)} tone={ROVER_TONE[mark]} size="line" />
      {mark === "unknown" && state !== null && state.fix !== "unknown" && <p class="panel__sentence">{m.rover.stale(clock.time(Date.parse(state.at)))}</p>}
      <p class="operator-note">{m.stations.operator}</p>
      <RoverService rover={rover} />
      {state !== null && <Facts rows={factsOf(state, { base, nowMs: now }, m, clock)} />}
    </>
  );
}

const RoverService = later<{ rover: RoverJson }>(() => import("./rover-service.tsx").then((m) => m.RoverService));

function factsOf(s: RoverState, { base, nowMs }: { base: string | null; nowMs: number }, m: Messages, clock: Clocks): Fact[] {
  const or = (value: string | null): string => value ?? m.none;
  const rows: Fact[] = [
    { name: m.rover.age, value: or(s.correctionAgeS === null ? null : `${s.correctionAgeS.toFixed(1)} s`) },
    { name: m.rover.ggaAge, value: or(s.ggaAgeS === null ? null : `${s.ggaAgeS.toFixed(1)} s`) },
    { name: m.rover.base, value: or(base) },
    { name: m.rover.baseline, value: or(s.baselineKm === null ? null : `${s.baselineKm.toFixed(1)} km`) },
    { name: m.rover.satellites, value: or(s.satellites === null ? null : String(s.satellites)) },
    { name: m.rover.hdop, value: or(s.hdop === null ? null : s.hdop.toFixed(1)) },
    { name: m.rover.since, value: or(s.connectedSince === null ? null : clock.dayTime(Date.parse(s.connectedSince))) },
    { name: m.rover.skipped, value: String(s.skippedEpochs) },
    {
      name: m.rover.position,
      value:
        s.position === null ? (
          m.rover.noPosition
        ) : (
          <span class="coordinates">
            {s.position.latDeg.toFixed(6)}, {s.position.lonDeg.toFixed(6)}
          </span>
        ),
    },
    { name: m.rover.lastReport, value: timeAgo(Date.parse(s.at), nowMs, m) },
  ];
  if (s.sim) rows.push({ name: m.base.sim, value: m.demo.note });
  return rows;
}

import type { ComponentChildren } from "preact";
import type { Messages } from "../i18n/ja.ts";
import { later } from "../parts/later.tsx";
import { ViewLink } from "../parts/link.tsx";
import { Mark } from "../parts/mark.tsx";
import { BASE_TONE, GATEWAY_TONE, ROVER_TONE, type Tone } from "../parts/tones.ts";
import { timeAgo } from "../state/format.ts";
import { BASE_SHAPE, baseMark, baseSentence, GATEWAY_SHAPE, gatewayMark, ROVER_SHAPE, roverMark, roverNotice, roverWords } from "../state/stations.ts";
import { clockMs, clocks, field, me, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { type Selected, view } from "../state/view.ts";

const MissingSensors = later<object>(() => import("../panels/missing-sensors.tsx").then((m) => m.MissingSensors));

/** Bases, tractors, gateways: what brings corrections and data. For staff, first what is missing. */
export function StationsPage() {
  const m = useSignal(messages);
  const staff = useSignal(me)?.canSeeStaffPages === true;
  return (
    <div class="stations">
      {staff && <MissingSensors />}
      <h2>{m.stations.title}</h2>
      <p class="operator-note">{m.stations.operator}</p>
      <Bases />
      <Rovers />
      <Gateways />
    </div>
  );
}

function Bases() {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const clock = useSignal(clocks);
  const bases = [...useSignal(field).bases.values()];
  return (
    <section class="cards">
      <h3 class="cards__title">{m.stations.bases}</h3>
      {bases.length === 0 && <p>{m.stations.noBases}</p>}
      <ul>
        {bases.map((base) => {
          const mark = baseMark(base, now);
          return (
            <StationCard
              key={base.id}
              to={{ kind: "base", id: base.id }}
              shape={BASE_SHAPE[mark]}
              word={m.base.word[mark]}
              tone={BASE_TONE[mark]}
              name={base.name}
            >
              {baseSentence(base, now, m, clock)}
            </StationCard>
          );
        })}
      </ul>
    </section>
  );
}

function baselineWords(base: string | null, km: number | null, m: Messages): string {
  if (base === null) return "";
  return km === null ? base : m.rover.summary(base, km.toFixed(1));
}

function Rovers() {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const clock = useSignal(clocks);
  const { lang } = useSignal(view);
  const { rovers: known, bases } = useSignal(field);
  const rovers = [...known.values()];
  return (
    <section class="cards">
      <h3 class="cards__title">{m.stations.rovers}</h3>
      {rovers.length === 0 && <p>{m.stations.noRovers}</p>}
      <ul>
        {rovers.map((rover) => {
          const mark = roverMark(rover, now);
          const state = mark === "away" ? null : rover.state;
          const base = state?.baseId ? (bases.get(state.baseId)?.name ?? state.baseId) : null;
          const notice = roverNotice(rover, now)?.[lang];
          const says =
            notice ??
            (mark === "unknown" && state !== null ? m.rover.stale(clock.time(Date.parse(state.at))) : baselineWords(base, state?.baselineKm ?? null, m));
          return (
            <StationCard
              key={rover.id}
              to={{ kind: "rover", id: rover.id }}
              shape={ROVER_SHAPE[mark]}
              word={roverWords(mark, m)}
              tone={ROVER_TONE[mark]}
              name={rover.name}
            >
              {notice === undefined ? says : <strong class="notice">{says}</strong>}
            </StationCard>
          );
        })}
      </ul>
    </section>
  );
}

function Gateways() {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const gateways = [...useSignal(field).gateways.values()];
  if (gateways.length === 0) return null;
  return (
    <section class="cards">
      <h3 class="cards__title">{m.stations.gateways}</h3>
      <ul>
        {gateways.map((gateway) => {
          const mark = gatewayMark(gateway, now);
          const seen = gateway.state?.lastSeenAt ?? null;
          return (
            <StationCard
              key={gateway.id}
              to={{ kind: "gateway", id: gateway.id }}
              shape={GATEWAY_SHAPE[mark]}
              word={m.gateway[mark]}
              tone={GATEWAY_TONE[mark]}
              name={gateway.name}
            >
              {seen === null ? m.gateway.never : m.gateway.lastSeen(timeAgo(Date.parse(seen), now, m))}
            </StationCard>
          );
        })}
      </ul>
    </section>
  );
}

interface StationCardProps {
  readonly to: Selected;
  readonly shape: string;
  readonly word: string;
  readonly tone: Tone;
  readonly name: string;
  readonly children: ComponentChildren;
}

function StationCard({ to, shape, word, tone, name, children }: StationCardProps) {
  return (
    <li>
      <ViewLink to={{ selected: to }} class="card card--station">
        <Mark shape={shape} word={word} tone={tone} size="line" />
        <span class="card__name">{name}</span>
        <span class="card__says">{children}</span>
      </ViewLink>
    </li>
  );
}

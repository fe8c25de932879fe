import type { BaseJson } from "../../core/domain/api.ts";
import type { BaseHealth } from "../../core/domain/live.ts";
import type { Messages } from "../i18n/ja.ts";
import { type Fact, Facts } from "../parts/facts.tsx";
import { later } from "../parts/later.tsx";
import { Mark } from "../parts/mark.tsx";
import { BASE_TONE } from "../parts/tones.ts";
import { type Clocks, timeAgo } from "../state/format.ts";
import { BASE_SHAPE, baseMark, baseSentence } from "../state/stations.ts";
import { clockMs, clocks, field, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";

/** Rows of the satellite table; QZSS stands even at zero: Japan's correction streams should carry it. */
const SYSTEMS = ["GPS", "QZSS", "GLONASS", "GALILEO", "BEIDOU", "SBAS", "NAVIC"] as const;
const SYSTEM_NAME: Readonly<Record<(typeof SYSTEMS)[number], string>> = {
  GPS: "GPS",
  QZSS: "QZSS(みちびき)",
  GLONASS: "GLONASS",
  GALILEO: "Galileo",
  BEIDOU: "BeiDou",
  SBAS: "SBAS",
  NAVIC: "NavIC",
};

export function BasePanel({ id }: { id: string }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const clock = useSignal(clocks);
  const base = useSignal(field).bases.get(id);
  if (base === undefined) return <h2>{id}</h2>;
  const mark = baseMark(base, now);
  const health = base.health;
  return (
    <>
      <h2 class="panel__title">
        <span aria-hidden="true">⌂</span> {base.name}
      </h2>
      <Mark shape={BASE_SHAPE[mark]} word={m.base.word[mark]} tone={BASE_TONE[mark]} size="line" />
      <p class="panel__sentence">{baseSentence(base, now, m, clock)}</p>
      {mark === "silent" && health !== null && <p>{m.base[whySilent(health)]}</p>}
      <p class="operator-note">{m.stations.operator}</p>
      <BaseTruth base={base} />
      <Facts rows={factsOf(base, now, m, clock)} />
      {health !== null && <Satellites health={health} />}
      {health !== null && health.messages.length > 0 && <MessageTypes health={health} />}
    </>
  );
}

/** Guard, verdict, orders and archive come after the rest: most who look here only want to know whether corrections arrive. */
const BaseTruth = later<{ base: BaseJson }>(() => import("./base-truth.tsx").then((m) => m.BaseTruth));

function whySilent(health: BaseHealth): "absentWhy" | "waitingWhy" | "silentWhy" {
  if (health.state === "absent") return "absentWhy";
  return health.truth?.guard.state === "waiting" ? "waitingWhy" : "silentWhy";
}

function factsOf(base: BaseJson, nowMs: number, m: Messages, clock: Clocks): Fact[] {
  const h = base.health;
  const rows: Fact[] = [{ name: m.base.mount, value: <code>{base.mount}</code> }];
  if (base.sim || h?.sim) rows.push({ name: m.base.sim, value: m.demo.note });
  if (h !== null) {
    rows.push(
      { name: m.base.state, value: m.base.stateWords[h.state] },
      { name: m.base.connectedSince, value: h.connectedSince === null ? m.none : clock.dayTime(Date.parse(h.connectedSince)) },
      { name: m.base.epochAge, value: h.lastEpochAt === null ? m.none : timeAgo(Date.parse(h.lastEpochAt), nowMs, m) },
      { name: m.base.latency, value: h.epochLatencyMs === null ? m.none : `${Math.round(h.epochLatencyMs)} ms` },
      { name: m.base.throughput, value: `${Math.round(h.bytesPerS)} B/s` },
      { name: m.base.rovers, value: m.base.tractors(h.rovers) },
      { name: m.base.crc, value: String(h.crcFailures) },
      { name: m.base.receiver, value: h.receiver ?? m.none },
    );
    if (h.antenna === null) rows.push({ name: m.base.antenna, value: m.base.antennaNone });
    else rows.push({ name: m.base.station, value: String(h.antenna.stationId) }, { name: m.base.antenna, value: <Antenna antenna={h.antenna} /> });
  }
  rows.push({ name: m.base.survey, value: base.surveyed ? m.base.surveyed : m.base.unsurveyed });
  return rows;
}

function Antenna({ antenna }: { antenna: NonNullable<BaseHealth["antenna"]> }) {
  return (
    <span class="coordinates">
      {antenna.latDeg.toFixed(7)}, {antenna.lonDeg.toFixed(7)}
      <br />
      {`X ${antenna.x.toFixed(3)} m`}
      <br />
      {`Y ${antenna.y.toFixed(3)} m`}
      <br />
      {`Z ${antenna.z.toFixed(3)} m`}
    </span>
  );
}

function Satellites({ health }: { health: BaseHealth }) {
  const m = useSignal(messages);
  const rows = SYSTEMS.filter((s) => s === "QZSS" || health.satellites[s] !== undefined);
  const most = Math.max(1, ...rows.map((s) => health.satellites[s] ?? 0));
  return (
    <section>
      <h3>{m.base.satellites}</h3>
      <table class="table satellites">
        <tbody>
          {rows.map((system) => {
            const count = health.satellites[system] ?? 0;
            return (
              <tr key={system}>
                <th scope="row">{SYSTEM_NAME[system]}</th>
                <td class="number">{count}</td>
                <td>
                  <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                    <rect width={(100 * count) / most} height="10" />
                  </svg>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function MessageTypes({ health }: { health: BaseHealth }) {
  const m = useSignal(messages);
  return (
    <section>
      <h3>{m.base.messages}</h3>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{m.base.type}</th>
            <th scope="col" class="number">
              {m.base.rate}
            </th>
            <th scope="col" class="number">
              {m.base.count}
            </th>
          </tr>
        </thead>
        <tbody>
          {[...health.messages]
            .sort((a, b) => a.type - b.type)
            .map(({ type, ratePerS, count }) => (
              <tr key={type}>
                <th scope="row">{type}</th>
                <td class="number">{ratePerS.toFixed(1)}</td>
                <td class="number">{count}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

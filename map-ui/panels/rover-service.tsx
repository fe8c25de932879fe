import { useEffect, useState } from "preact/hooks";
import type { RoverJson } from "../../core/domain/api.ts";
import type { PlotShare } from "../../core/domain/history.ts";
import type { RoverService as Service } from "../../core/domain/live.ts";
import type { RoverDiagnosis } from "../../core/domain/rover-diagnosis.ts";
import { fetchDiagnosis, fetchPlotShares } from "../live/corrections-client.ts";
import { type Fact, Facts } from "../parts/facts.tsx";
import { durationWords } from "../state/format.ts";
import { clockMs, clocks, field, messages } from "../state/store.ts";
import { truthMessages } from "../state/truth.ts";
import { useSignal } from "../state/use-signal.ts";
import { view } from "../state/view.ts";

const DIAGNOSIS_AGAIN_MS = 10_000;
const SHARES_MS = 7 * 86_400_000;
const SHARES_AGAIN_MS = 300_000;
const SHARES_SHOWN_MAX = 30;

/** What ails the tractor, how it is served, which bases it had, and its FIX by plot. */
export function RoverService({ rover }: { rover: RoverJson }) {
  const service = rover.state?.service;
  return (
    <>
      <Diagnosis roverId={rover.id} />
      {service && <Served service={service} />}
      {service && <Switches switches={service.switches} />}
      <Shares roverId={rover.id} />
    </>
  );
}

function Diagnosis({ roverId }: { roverId: string }) {
  const t = useSignal(truthMessages);
  const clock = useSignal(clocks);
  const { lang } = useSignal(view);
  const told = useAnswer<RoverDiagnosis>(roverId, DIAGNOSIS_AGAIN_MS, () => fetchDiagnosis(roverId));
  return (
    <section class="diagnosis">
      <h3>{t.rover.title}</h3>
      <p role="status">
        {told === "loading" && t.rover.looking}
        {told === "failed" && t.rover.failed}
        {typeof told === "object" && (
          <>
            <strong>{told[lang]}</strong> <small>{t.rover.asOf(clock.time(Date.parse(told.at)))}</small>
          </>
        )}
      </p>
    </section>
  );
}

function Served({ service }: { service: Service }) {
  const t = useSignal(truthMessages);
  const m = useSignal(messages);
  const plotName = usePlotName();
  const ms = (value: number | null): string => (value === null ? m.none : `${Math.round(value)} ms`);
  const rows: Fact[] = [
    { name: t.rover.requested, value: <code>{service.requestedMount}</code> },
    { name: t.rover.plot, value: service.plotId === null ? t.rover.noPlot : plotName(service.plotId) },
    { name: t.rover.datum, value: service.datum ?? m.none },
    { name: t.rover.relayLatency, value: ms(service.relayLatencyMs) },
    { name: t.rover.sendLatency, value: ms(service.sendLatencyMs) },
    { name: t.rover.sessions, value: String(service.sessions) },
    { name: t.rover.gaps, value: String(service.gaps) },
    { name: t.rover.unsent, value: service.unsentBytes === null ? m.none : `${service.unsentBytes} B` },
  ];
  return (
    <>
      {service.otherStation !== null && <p class="notice">{t.rover.otherStation(service.otherStation)}</p>}
      <Facts rows={rows} />
    </>
  );
}

function Switches({ switches }: { switches: Service["switches"] }) {
  const t = useSignal(truthMessages);
  const clock = useSignal(clocks);
  const { lang } = useSignal(view);
  const { bases } = useSignal(field);
  const name = (id: string | null): string => (id === null ? t.rover.nothing : (bases.get(id)?.name ?? id));
  return (
    <section>
      <h3>{t.rover.switches}</h3>
      {switches.length === 0 && <p>{t.rover.noSwitches}</p>}
      <ul class="happened">
        {switches.map(({ at, from, to, reason }) => (
          <li key={`${at}${to ?? ""}`}>
            <time dateTime={at}>{clock.dayTime(Date.parse(at))}</time> <strong>{t.rover.from(name(from), name(to))}</strong> {reason[lang]}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Shares({ roverId }: { roverId: string }) {
  const t = useSignal(truthMessages);
  const m = useSignal(messages);
  const plotName = usePlotName();
  const answer = useAnswer<{ plots: readonly PlotShare[] }>(roverId, SHARES_AGAIN_MS, () => fetchPlotShares(roverId, clockMs.peek() - SHARES_MS));
  if (typeof answer === "string") return null;
  const rows: Fact[] = answer.plots.slice(0, SHARES_SHOWN_MAX).map(({ plotId, fixShare, totalS }) => ({
    name: plotId === null ? t.rover.outside : plotName(plotId),
    value: t.rover.share((fixShare * 100).toFixed(0), durationWords(totalS * 1000, m)),
  }));
  return (
    <section>
      <h3>{t.rover.shares}</h3>
      {rows.length === 0 ? <p>{t.rover.noShares}</p> : <Facts rows={rows} />}
    </section>
  );
}

function usePlotName(): (plotId: string) => string {
  const { plots } = useSignal(field);
  return (plotId) => plots.find(({ id }) => id === plotId)?.properties.name ?? plotId;
}

/** Asks now and again while the panel is open. What was answered stays until there is something newer. */
function useAnswer<T>(key: string, againMs: number, get: () => Promise<{ kind: string; value?: T }>): T | "loading" | "failed" {
  const [answer, setAnswer] = useState<T | "loading" | "failed">("loading");
  useEffect(() => {
    let current = true;
    const load = async () => {
      const got = await get();
      if (!current) return;
      if (got.kind === "ok" && got.value !== undefined) setAnswer(got.value);
      else setAnswer((before) => (before === "loading" ? "failed" : before));
    };
    setAnswer("loading");
    void load();
    const timer = setInterval(() => void load(), againMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [key, againMs]);
  return answer;
}

import { useEffect, useState } from "preact/hooks";
import type { BaseJson } from "../../core/domain/api.ts";
import type { RelayEvent, BaseTruth as Truth } from "../../core/domain/live.ts";
import { fetchBaseEvents } from "../live/corrections-client.ts";
import { type Fact, Facts } from "../parts/facts.tsx";
import { Mark } from "../parts/mark.tsx";
import { clockMs, clocks, me, messages } from "../state/store.ts";
import { evidenceText, guardLook, lengthText, truthMessages, VERDICT_LOOKS } from "../state/truth.ts";
import { useSignal } from "../state/use-signal.ts";
import { view } from "../state/view.ts";
import { BaseArchive } from "./base-archive.tsx";
import { BaseOrders } from "./base-orders.tsx";

const EVENTS_MS = 7 * 86_400_000;
const EVENTS_AGAIN_MS = 60_000;

/** Guard, verdict with its evidence, what happened; for staff orders and the archive. */
export function BaseTruth({ base }: { base: BaseJson }) {
  const t = useSignal(truthMessages);
  const role = useSignal(me)?.user?.role;
  const staff = role === "staff" || role === "admin";
  const truth = base.health?.truth;
  return (
    <section class="truth">
      <h3>{t.base.title}</h3>
      <Guard base={base} />
      {truth && <Verdict truth={truth} />}
      {staff && <BaseOrders base={base} />}
      <Events baseId={base.id} />
      {staff && <BaseArchive baseId={base.id} />}
    </section>
  );
}

function Guard({ base }: { base: BaseJson }) {
  const t = useSignal(truthMessages);
  const clock = useSignal(clocks);
  const { lang } = useSignal(view);
  const look = guardLook(base);
  const guard = base.health?.truth?.guard;
  if (look === null) return null;
  return (
    <div class="truth__guard">
      <p>
        <Mark shape={look.shape} word={t.base.guard[look.word]} tone={look.tone} size="line" />
        {guard && base.stoppedAt === null && <span class="truth__since"> {t.base.guardSince(clock.dayTime(Date.parse(guard.since)))}</span>}
      </p>
      {base.stoppedAt !== null && <p>{t.base.stoppedByStaff(clock.dayTime(Date.parse(base.stoppedAt)))}</p>}
      {guard?.reason && guard.reason.code !== "staff-stopped" && (
        <p>
          <strong>{guard.reason[lang]}</strong>
        </p>
      )}
      {look.word === "unsurveyed" && <p>{t.base.unsurveyedNote}</p>}
    </div>
  );
}

function Verdict({ truth }: { truth: Truth }) {
  const t = useSignal(truthMessages);
  const { lang } = useSignal(view);
  const m = useSignal(messages);
  const look = VERDICT_LOOKS[truth.verdict];
  const { singlePoint, guard, source } = truth;
  const rows: Fact[] = [
    { name: t.base.verdictName, value: <Mark shape={look.shape} word={t.base.verdict[truth.verdict]} tone={look.tone} size="line" /> },
    { name: t.base.offSurvey, value: guard.offSurveyM === null ? m.none : lengthText(guard.offSurveyM) },
    { name: t.base.displacement, value: truth.displacementM === null ? m.none : lengthText(truth.displacementM) },
    { name: t.base.singlePoint, value: <SinglePoint of={singlePoint} /> },
    { name: t.base.cnr, value: truth.medianCnrDbHz === null ? m.none : `${truth.medianCnrDbHz.toFixed(1)} dB-Hz` },
    { name: t.base.pool, value: truth.inPool ? t.base.inPool : t.base.notInPool },
    { name: t.base.source, value: source.note ? `${t.base.sourceKinds[source.kind]}: ${source.note[lang]}` : t.base.sourceKinds[source.kind] },
  ];
  return (
    <>
      <Facts rows={rows} />
      {truth.findings.length > 0 && (
        <>
          <h4>{t.base.findings}</h4>
          <ul class="findings">
            {truth.findings.map((finding) => (
              <li key={finding.code} data-severity={finding.severity}>
                <span class="findings__severity">{t.base.severity[finding.severity]}</span> {finding[lang]}
                {finding.value !== null && finding.threshold !== null && (
                  <small class="findings__evidence">{t.base.evidence(evidenceText(finding.value), evidenceText(finding.threshold))}</small>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function SinglePoint({ of }: { of: Truth["singlePoint"] }) {
  const t = useSignal(truthMessages);
  const { lang } = useSignal(view);
  return (
    <>
      {of.offM !== null && of.upM !== null && <span>{t.base.singlePointOff(lengthText(of.offM), lengthText(of.upM))} </span>}
      <span>{of.note[lang]}</span>
    </>
  );
}

function Events({ baseId }: { baseId: string }) {
  const t = useSignal(truthMessages);
  const clock = useSignal(clocks);
  const { lang } = useSignal(view);
  const events = useBaseEvents(baseId);
  if (events === null) return null;
  return (
    <>
      <h4>{t.base.events}</h4>
      {events.length === 0 && <p>{t.base.noEvents}</p>}
      <ul class="happened">
        {events.map((event) => (
          <li key={`${event.at}${event.code}${event.roverId ?? ""}`} data-severity={event.severity}>
            <time dateTime={event.at}>{clock.dayTime(Date.parse(event.at))}</time> {event[lang]}
          </li>
        ))}
      </ul>
    </>
  );
}

function useBaseEvents(baseId: string): readonly RelayEvent[] | null {
  const [events, setEvents] = useState<readonly RelayEvent[] | null>(null);
  useEffect(() => {
    let current = true;
    const load = async () => {
      const answer = await fetchBaseEvents(baseId, clockMs.peek() - EVENTS_MS);
      if (current && answer.kind === "ok") setEvents(answer.value.events);
    };
    void load();
    const timer = setInterval(() => void load(), EVENTS_AGAIN_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [baseId]);
  return events;
}

import { Icon } from "../parts/icons.tsx";
import { ViewLink } from "../parts/link.tsx";
import { Mark } from "../parts/mark.tsx";
import { BASE_TONE, PADDY_TONE } from "../parts/tones.ts";
import { corrections } from "../state/corrections.ts";
import { timeAgo, valueText } from "../state/format.ts";
import { groupsOf, MARK_SHAPE, type Paddy, paddySentence } from "../state/paddies.ts";
import { isSameCause } from "../state/silence.ts";
import { BASE_SHAPE } from "../state/stations.ts";
import { clockMs, field, liveStatus, me, messages, paddies } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";

const CARDS_MAX = 200; // a farmer's own; staff use the table of the wide screen

/** The farmer's question, answered: which paddy needs me today? */
export function TodayPage() {
  const m = useSignal(messages);
  const all = useSignal(paddies);
  const loaded = useSignal(field).id !== null;
  if (!loaded) return <p class="waiting">{m.live.startingBanner}</p>;
  if (all.length === 0) return <NoPaddies />;
  const { look, good, bare } = groupsOf(all);
  return (
    <div class="today">
      <Headline look={look.length} all={look.length + good.length} />
      <PaddyCards title={m.today.lookList} list={look} kind="look" />
      <CorrectionsLine />
      {good.length > 0 && <PaddyCards title={m.today.goodList(good.length)} list={good} kind="good" />}
      {bare.length > 0 && <PaddyCards title={m.today.bareList(bare.length)} list={bare} kind="bare" />}
    </div>
  );
}

export function Headline({ look, all }: { look: number; all: number }) {
  const m = useSignal(messages);
  return (
    <h2 class="headline" data-look={look > 0 ? "some" : "none"}>
      <span class="headline__lead">{m.today.lookLead}</span>{" "}
      <span class="headline__answer">
        <strong class="headline__count">{m.today.lookCount(look)}</strong>
        <span class="headline__all">{m.today.lookAll(all)}</span>
      </span>
    </h2>
  );
}

function PaddyCards({ title, list, kind }: { title: string; list: readonly Paddy[]; kind: "look" | "good" | "bare" }) {
  const m = useSignal(messages);
  if (list.length === 0) return <p class="all-good">{m.today.nothingToLook}</p>;
  return (
    <section class={`cards cards--${kind}`}>
      <h3 class={kind === "look" ? "visually-hidden" : "cards__title"}>{title}</h3>
      <ul>
        {list.slice(0, CARDS_MAX).map((paddy, i) => {
          const above = list[i - 1]?.silence;
          const isTold = paddy.silence && above && isSameCause(paddy.silence, above);
          return (
            <li key={paddy.id}>
              <PaddyCard paddy={paddy} says={isTold ? m.silence.asAbove : null} />
            </li>
          );
        })}
      </ul>
      {list.length > CARDS_MAX && <p>{m.list.more(list.length - CARDS_MAX)}</p>}
    </section>
  );
}

/** `says`: in the place of its own sentence. */
function PaddyCard({ paddy, says }: { paddy: Paddy; says: string | null }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const known = paddy.mark !== "unknown" && paddy.levelCm !== null;
  const word = paddy.cause === "no-sensor" ? m.paddy.noSensorWord : m.mark[paddy.mark];
  return (
    <ViewLink to={{ selected: { kind: "plot", id: paddy.id } }} class="card">
      <Mark shape={MARK_SHAPE[paddy.mark]} word={word} tone={PADDY_TONE[paddy.mark]} size="badge" />
      <span class="card__name">{paddy.name}</span>
      <span class="card__level">
        {known ? (
          <>
            <strong>{valueText(paddy.levelCm ?? 0, "cm")}</strong> <small>cm</small>
          </>
        ) : (
          <strong aria-hidden="true">{m.none}</strong>
        )}
      </span>
      <span class="card__says">{says ?? paddySentence(paddy, now, m)}</span>
      <span class="card__age">{paddy.timeMs !== null && timeAgo(paddy.timeMs, now, m)}</span>
    </ViewLink>
  );
}

/** The other question: are corrections arriving? */
export function CorrectionsLine() {
  const line = useSignal(corrections);
  useSignal(liveStatus);
  if (line === null) return null;
  return (
    <ViewLink to={{ tab: "base", selected: null }} class="corrections">
      <span class="corrections__shape" data-tone={BASE_TONE[line.mark]} aria-hidden="true">
        {BASE_SHAPE[line.mark]}
      </span>
      <span>{line.sentence}</span>
      <Icon name="next" />
    </ViewLink>
  );
}

export function NoPaddies() {
  const m = useSignal(messages);
  const staff = useSignal(me)?.canSeeStaffPages === true;
  return (
    <section class="empty">
      <h2>{m.today.emptyTitle}</h2>
      <p>{staff ? m.today.emptyStaff : m.today.emptyFarmer}</p>
    </section>
  );
}

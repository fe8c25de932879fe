import type { SourceStates } from "../../core/domain/source-state.ts";
import { topics } from "../../core/domain/topics.ts";
import type { SourceJournal } from "../../ingest/sources/external-broker.ts";
import { ExternalBrokers } from "../../ingest/sources/external-brokers.ts";
import { HookIntake } from "../../ingest/sources/hook-intake.ts";
import { hookCredential, hookSocketPath } from "../hook-socket.ts";
import type { RoleContext } from "../role.ts";

const TELL_MS = 1000;

export interface SourceNeeds {
  readonly journal: SourceJournal;
  readonly onGatewayMessage: (topic: string, payload: Uint8Array, receivedAtMs: number) => void;
  readonly publish: (topic: string, message: unknown) => void; // retained
}

/** The ways in beside our own broker: brokers of others, and what `web` took by HTTP. Opened after the journal, so closed before it. */
export async function openSources(context: RoleContext, needs: SourceNeeds): Promise<void> {
  const { catalog, key, dataFolder, busSecret, log, metrics, nowMs, resources } = context;
  const { journal, onGatewayMessage, publish } = needs;
  const path = hookSocketPath(dataFolder);
  const intake = await HookIntake.open({ path, credential: hookCredential(busSecret), journal, log, metrics, nowMs });
  resources.use("hook socket", intake, (i) => i.close());
  const brokers = new ExternalBrokers({ catalog, key, journal, onGatewayMessage, log, metrics, nowMs, random: Math.random });
  resources.use("external brokers", brokers, (b) => b.close());
  brokers.start();
  let told = "";
  const tell = (): void => {
    const states: SourceStates = { brokers: brokers.states(), hooks: intake.states() };
    const text = JSON.stringify(states);
    if (text === told) return;
    told = text;
    publish(topics.sources, states);
  };
  tell();
  resources.use("source states", setInterval(tell, TELL_MS), clearInterval);
}

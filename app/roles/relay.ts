import { join } from "node:path";
import { topics } from "../../core/domain/topics.ts";
import { ARCHIVE_LIMITS, Archive } from "../../correction-relay/archive.ts";
import { unfitSettings } from "../../correction-relay/kernel-settings.ts";
import { Relay } from "../../correction-relay/relay.ts";
import { RelayState } from "../../correction-relay/relay-state.ts";
import { VerifiedSecrets } from "../../correction-relay/verified-secrets.ts";
import { connectBus } from "../bus.ts";
import type { RunRole } from "../role.ts";

const TICK_MS = 1000;
const METRICS_EVERY_MS = 5000;

/** The relay: serves before and without the bus, which only hears of it. */
export const run: RunRole = async (context) => {
  const { config, ports, catalog, key, log, metrics, nowMs, resources } = context;
  const folder = join(context.dataFolder, "relay"); // its own: it serves from here with everybody else away
  const state = resources.use("relay state", await RelayState.open({ folder, log, metrics }), (s) => s.close());
  const verified = resources.use("verified secrets", VerifiedSecrets.open({ path: join(folder, "verified.json"), log }), (v) => v.close());
  const archive = resources.use("archive", new Archive({ folder: join(context.dataFolder, "archive"), limits: ARCHIVE_LIMITS, log, metrics }), (a) =>
    a.close(),
  );
  const bus = resources.use("bus", connectBus(context), (b) => b.close());
  const relay = resources.use(
    "relay",
    new Relay({
      catalog,
      key,
      simServe: config.simServe,
      log,
      metrics,
      nowMs,
      state,
      verified,
      archive,
      reports: {
        base: (health) => bus.publish(topics.baseHealth(health.baseId), health, { retain: true }),
        minute: (minute) => bus.publish(topics.baseMinutes(minute.baseId), minute, { retain: false }),
        rover: (state) => bus.publish(topics.rover(state.roverId), state, { retain: true }),
        event: (event) => {
          if (event.baseId !== null) bus.publish(topics.baseEvents(event.baseId), event, { retain: false });
          if (event.roverId !== null) bus.publish(topics.roverEvents(event.roverId), event, { retain: false });
        },
        refused: ({ atMs, ...refusal }) => bus.publish(topics.refusals, { at: new Date(atMs).toISOString(), ...refusal }, { retain: false }),
      },
    }),
    (r) => r.close(),
  );
  for (const setting of unfitSettings()) {
    metrics.gauge("azemichi_relay_unfit_kernel_setting", 1, { name: setting.name });
    log.warn("kernel setting lets a slow rover's bytes pile up; see deploy/90-azemichi.conf", { ...setting });
  }
  const tls = ports.ntrips !== null && config.tls !== null ? { port: ports.ntrips, ...config.tls } : null;
  await relay.listen({ host: config.ntrip.bind, port: ports.ntrip, tls });
  resources.use(
    "relay ticks",
    setInterval(() => relay.tick(), TICK_MS),
    clearInterval,
  );
  resources.use(
    "relay metrics",
    setInterval(() => bus.publish(topics.metrics("relay"), metrics.samples(), { retain: true }), METRICS_EVERY_MS),
    clearInterval,
  );
};

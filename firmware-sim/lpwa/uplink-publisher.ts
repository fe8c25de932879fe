import mqtt, { type MqttClient } from "mqtt";
import { BackOff } from "../../core/runtime/back-off.ts";
import type { Log } from "../../core/runtime/log.ts";

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

export interface Counters {
  readonly acknowledged: number;
  readonly dropped: number; // too many unacknowledged ones in front: the broker was away for long
}

const IN_FLIGHT_MAX = 400; // below the broker's own cap for networks
const CLOSE_MS = 800;

/** The MQTT client of a network server: QoS 1, one connection that comes back by itself, a bounded number unacknowledged. */
export class UplinkPublisher {
  readonly #client: MqttClient;
  #inFlight = 0;
  #waiting: (() => void)[] = [];
  #acknowledged = 0;
  #dropped = 0;

  /** `will`: published by the broker when this connection dies. `onConnect` runs at each (re)connection. */
  constructor(
    broker: BrokerAddress,
    options: { readonly log: Log; readonly random: () => number; readonly will: { topic: string; payload: string }; readonly onConnect: () => void },
  ) {
    const backOff = new BackOff({ firstMs: 200, mostMs: 5000, random: options.random });
    const { host, port, username, password } = broker;
    this.#client = mqtt.connect({
      ...{ host, port, protocol: "mqtt", username, password },
      clientId: `chirpstack-sim-${Math.floor(options.random() * 2 ** 32).toString(16)}`,
      clean: true,
      connectTimeout: 5000,
      keepalive: 30,
      reconnectOnConnackError: true, // the broker may know the account a moment later
      reconnectPeriod: backOff.nextMs(),
      will: { topic: options.will.topic, payload: Buffer.from(options.will.payload), qos: 1, retain: true },
    });
    this.#client.on("connect", () => {
      backOff.reset();
      options.onConnect();
    });
    this.#client.on("close", () => {
      this.#client.options.reconnectPeriod = backOff.nextMs();
    });
    this.#client.on("error", (error) => {
      if ("code" in error && typeof error.code === "number") options.log.warn("broker refused the network's account", { username, error });
      else options.log.debug("broker not reached", { host, port, error });
    });
  }

  get counters(): Counters {
    return { acknowledged: this.#acknowledged, dropped: this.#dropped };
  }

  /** Waits for room, sends, and resolves when there is room again; the acknowledgement comes later. For late uplinks. */
  async sendWhenRoom(topic: string, message: unknown, signal: AbortSignal): Promise<void> {
    while (this.#inFlight >= IN_FLIGHT_MAX && !signal.aborted) await this.#room(signal);
    if (!signal.aborted) this.#send(topic, message, { retain: false });
  }

  /** Sends now, also while the broker is away (then when it is back); dropped and counted when too many wait. For live uplinks. */
  send(topic: string, message: unknown, options: { readonly retain: boolean } = { retain: false }): void {
    if (this.#inFlight >= IN_FLIGHT_MAX) this.#dropped += 1;
    else this.#send(topic, message, options);
  }

  /** Resolves when everything sent is acknowledged, or the signal is aborted. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.#inFlight > 0 && !signal.aborted) await this.#room(signal);
  }

  async close(): Promise<void> {
    await this.drained(AbortSignal.timeout(CLOSE_MS));
    await this.#client.endAsync(true); // without DISCONNECT, so that the broker publishes the will: the gateway is gone
  }

  #send(topic: string, message: unknown, { retain }: { retain: boolean }): void {
    this.#inFlight += 1;
    this.#client.publish(topic, JSON.stringify(message), { qos: 1, retain }, (error) => {
      this.#inFlight -= 1;
      if (error) this.#dropped += 1;
      else this.#acknowledged += 1;
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  #room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener("abort", wake);
    });
  }
}

import type { SensorMessages } from "./sensors-ja.ts";

export const sensorsEn: SensorMessages = {
  title: (n, all) => `Sensors without data: ${n} (of ${all})`,
  allHere: (all) => `Data come from every sensor (${all}).`,
  noSensors: "No sensor is registered yet.",
  cause: {
    network: "The network is down",
    gateway: "The gateway is down",
    device: "The sensor itself",
    channel: "Only some values are missing",
    restart: "Just restarted (waiting)",
    unsaid: "Cause not yet known",
  },
  ofGateways: (names) => `Gateway down: ${names}`,
  count: (n) => ` (${n})`,
  unsaidNote: "Nothing has come since it was registered, or the cause is still being looked for.",
  show: (n) => `Show all ${n}`,
  more: (n) => `${n} more.`,
  never: "never",
  loss: (value) => `Radio loss ${value}`,
  battery: (value) => `Battery ${value}`,
  daysLeft: (n) => `about ${n} ${n === 1 ? "day" : "days"} left`,
  daysUnknown: "days left —",
  strangers: {
    title: (n) => `Devices not registered: ${n}`,
    failed: "The devices that are not registered could not be read. Trying again every minute.",
    hint: "Once registered, what they have sent so far is read again.",
    heard: (times, age) => `${times} ${times === 1 ? "message" : "messages"} · last ${age}`,
  },
};

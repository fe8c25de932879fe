import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

export interface QosZeroServer {
  readonly port: number;
  publish(topic: string, payload: string): void;
  close(): void;
}

/** As much of MQTT 3.1.1 as a server like The Things Stack speaks to a subscriber: no session, QoS 0 granted whatever was asked. Each packet of ours must come in one chunk. */
export async function startQosZeroServer(): Promise<QosZeroServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.once("close", () => sockets.delete(socket)).on("error", () => {}));
    socket.on("data", (packet) => {
      const type = (packet[0] ?? 0) >> 4;
      if (type === 1) socket.write(Buffer.from([0x20, 2, 0, 0])); // CONNACK
      if (type === 8)
        socket.write(Buffer.from([0x90, 2 + filtersIn(packet), packet[2] ?? 0, packet[3] ?? 0, ...Array.from({ length: filtersIn(packet) }, () => 0)])); // SUBACK
      if (type === 12) socket.write(Buffer.from([0xd0, 0])); // PINGRESP
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    publish: (topic, payload) => {
      const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from(payload)]);
      for (const socket of sockets) socket.write(Buffer.concat([Buffer.from([0x30, body.length]), body])); // shorter than 128 bytes
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Filters of a SUBSCRIBE shorter than 128 bytes: two bytes length, the filter, one byte QoS each. */
function filtersIn(packet: Buffer): number {
  let count = 0;
  for (let at = 4; at < 2 + (packet[1] ?? 0); at += 2 + packet.readUInt16BE(at) + 1) count += 1;
  return count;
}

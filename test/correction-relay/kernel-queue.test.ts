import { existsSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { endianness } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KernelQueue, type Watched } from "../../correction-relay/kernel-queue.ts";
import { unfitSettings } from "../../correction-relay/kernel-settings.ts";
import { eventually } from "./support.ts";

// Lines as Linux 6.12 printed them, on a little-endian machine. Columns: sl, local, remote, st, tx_queue:rx_queue, …
const HEAD4 = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const REST = "01:00000014 00000000     0        0 26331 2 0000000000000000 20 4 29 10 -1";
const HEAD6 =
  "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (slot: number, local: string, remote: string, unsent: number): string =>
  `${String(slot).padStart(4)}: ${local} ${remote} 01 ${unsent.toString(16).toUpperCase().padStart(8, "0")}:00000000 ${REST}`;
const port = (value: number): string => value.toString(16).toUpperCase().padStart(4, "0");
const fixed = (line: string): string => line.padEnd(149); // tcp's rows are, tcp6's are not

interface Peer {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: string;
  readonly localPort: number;
}

/** A kernel that prints these lines, in pieces of so many bytes. */
function bench(tables: Record<string, readonly string[]>, pieceBytes = 4096) {
  const clock = { nowMs: 1000, cpuMs: 0 };
  const looks: string[] = [];
  const turns: (() => void)[] = [];
  const queue = new KernelQueue({
    nowMs: () => clock.nowMs,
    cpuMs: () => clock.cpuMs,
    endOfTurn: (callback) => void turns.push(callback),
    open: (path) => {
      const lines = tables[path];
      if (lines === undefined) return null;
      looks.push(path);
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      let from = 0;
      return {
        read: (into, at) => {
          clock.cpuMs += 0.4;
          const copied = bytes.copy(into, at, from, Math.min(bytes.length, from + pieceBytes));
          from += copied;
          return copied;
        },
        close: () => void looks.push("closed"),
      };
    },
  });
  const seen = new Map<string, number>();
  return {
    queue,
    clock,
    looks,
    seen,
    turns,
    watch: (name: string, peer: Peer, ageMs = 0) => {
      const watched: Watched = {
        noteUnsent: (bytes) => {
          seen.set(name, bytes);
          return ageMs;
        },
      };
      return queue.watch(peer, watched);
    },
    look: () => {
      clock.nowMs = Math.max(clock.nowMs, 3000);
      queue.tick(clock.nowMs);
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
    },
  };
}

const four = (remoteAddress: string, remotePort: number, localPort = 2101): Peer => ({ remoteAddress, remotePort, localPort, remoteFamily: "IPv4" });
const six = (remoteAddress: string, remotePort: number, localPort = 2101): Peer => ({ remoteAddress, remotePort, localPort, remoteFamily: "IPv6" });

describe.runIf(endianness() === "LE")("the kernel's tables", () => {
  const table4 = [
    HEAD4,
    row(0, "00000000:0835", "00000000:0000", 7),
    row(1, `0100007F:${port(2101)}`, `0100007F:${port(40_001)}`, 0),
    row(2, `0A02000A:${port(2101)}`, `077100CB:${port(40_002)}`, 4711), // 203.0.113.7
    row(3, `0A02000A:${port(22)}`, `077100CB:${port(40_003)}`, 5), // not our port
    row(12_345, `0A02000A:${port(2102)}`, `077100CB:${port(40_002)}`, 0xff), // a wider slot number
  ].map(fixed);

  test("while a crowd comes, looks wait, but five seconds at most", () => {
    const b = bench({ "/proc/net/tcp": table4 });
    const second = (joining: number): void => {
      for (let i = 0; i < joining; i += 1) b.watch("one of many", four("203.0.113.7", 40_002 + i));
      b.clock.nowMs += 1000;
      b.look();
    };
    for (let s = 0; s < 5; s += 1) second(200);
    expect(b.looks).toEqual([]);
    second(200);
    expect(b.looks).toEqual(["/proc/net/tcp", "closed"]);
    const calm = bench({ "/proc/net/tcp": table4 });
    calm.watch("plain", four("203.0.113.7", 40_002));
    calm.clock.nowMs += 3000;
    calm.look();
    expect(calm.looks).toEqual(["/proc/net/tcp", "closed"]);
  });

  test("bytes that wait are told to the rover they wait for, and to no other; who is not named has none", () => {
    const b = bench({ "/proc/net/tcp": table4 });
    b.watch("drained", four("127.0.0.1", 40_001));
    b.watch("plain", four("203.0.113.7", 40_002));
    b.watch("tls", four("203.0.113.7", 40_002, 2102));
    b.watch("elsewhere", four("203.0.113.7", 40_003));
    b.look();
    expect(Object.fromEntries(b.seen)).toEqual({ drained: 0, plain: 4711, tls: 255, elsewhere: 0 });
    expect(b.looks).toEqual(["/proc/net/tcp", "closed"]);
  });

  test.each([
    ["::1", "00000000000000000000000001000000"],
    ["2001:db8::7:8", "B80D0120000000000000000008000700"],
    ["fe80::1%eth0", "000080FE000000000000000001000000"],
    ["::ffff:203.0.113.7", "0000000000000000FFFF0000077100CB"],
    ["2001:db8:1:2:3:4:5:6", "B80D0120020001000400030006000500"],
  ])("IPv6: %s", (address, printed) => {
    const b = bench({ "/proc/net/tcp6": [HEAD6, row(0, `${printed}:${port(2101)}`, `${printed}:${port(5000)}`, 99)] });
    b.watch("rover", six(address, 5000));
    b.look();
    expect(b.seen.get("rover")).toBe(99);
  });

  test("a table is read as long as it is, in pieces of any size", () => {
    const rovers = Array.from({ length: 40 }, (_, i) => ({ port: 30_000 + i, unsent: i % 3 === 0 ? 0 : i * 1000 }));
    const table = [HEAD4, ...rovers.map((r, i) => row(9980 + i, `0100007F:${port(2101)}`, `0100007F:${port(r.port)}`, r.unsent))].map(fixed);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4096 }), (pieceBytes) => {
        const b = bench({ "/proc/net/tcp": table }, pieceBytes);
        for (const r of rovers) b.watch(String(r.port), four("127.0.0.1", r.port));
        b.look();
        expect([...b.seen.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(rovers.reduce((sum, r) => sum + r.unsent, 0));
        for (const r of rovers) expect(b.seen.get(String(r.port))).toBe(r.unsent);
      }),
      { numRuns: 30 },
    );
  });

  test("whatever stands in a table: no throw, and no end of memory", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 400 }), { maxLength: 20 }), fc.integer({ min: 1, max: 100 }), (lines, pieceBytes) => {
        const b = bench({ "/proc/net/tcp": [HEAD4, ...lines, "x".repeat(20_000)] }, pieceBytes);
        b.watch("rover", four("127.0.0.1", 1));
        b.look();
        expect(b.seen.get("rover")).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test("a look leaves the loop alone after a millisecond, and the next begins when it has ended", () => {
    const b = bench({ "/proc/net/tcp": table4 }, 100);
    b.watch("plain", four("203.0.113.7", 40_002));
    b.clock.nowMs = 3000;
    b.queue.tick(b.clock.nowMs);
    expect([b.turns.length, b.seen.size]).toEqual([1, 0]);
    b.queue.tick(b.clock.nowMs + 5000);
    expect(b.turns).toHaveLength(1);
    b.look();
    expect(b.seen.get("plain")).toBe(4711);
  });

  test("once a second while a rover lags; where all have drained, a hundredth of the time, at least every 5 s", () => {
    const count = (ageMs: number, pieceBytes: number): number => {
      const b = bench({ "/proc/net/tcp": table4 }, pieceBytes);
      b.watch("plain", four("203.0.113.7", 40_002), ageMs);
      for (let second = 0; second < 30; second += 1, b.clock.nowMs += 1000) b.look();
      return b.looks.filter((path) => path !== "closed").length;
    };
    expect(count(0, 4096)).toBe(30); // a look costs 0.8 ms
    expect(count(0, 17)).toBeLessThanOrEqual(15); // 20 ms
    expect(count(0, 4)).toBe(6); // 80 ms
    expect(count(1000, 4)).toBe(30);
  });

  test("the first look comes when something may have waited for two seconds", () => {
    const b = bench({ "/proc/net/tcp": table4 });
    b.watch("plain", four("203.0.113.7", 40_002));
    b.queue.tick(2999);
    expect(b.looks).toEqual([]);
    b.queue.tick(3000);
    expect(b.looks).toEqual(["/proc/net/tcp", "closed"]);
  });

  test("who has gone is not looked for; who took its port is", () => {
    const b = bench({ "/proc/net/tcp": table4 });
    const old = b.watch("old", four("203.0.113.7", 40_002));
    b.watch("new", four("203.0.113.7", 40_002));
    if (old) b.queue.unwatch(old);
    b.look();
    expect(Object.fromEntries(b.seen)).toEqual({ new: 4711 });
  });

  test("no rovers, no look; no tables, nothing noted; closed in the middle of a look, the table is closed", () => {
    const b = bench({});
    b.look();
    expect(b.looks).toEqual([]);
    b.watch("rover", four("203.0.113.7", 40_002));
    b.look();
    expect(b.seen.size).toBe(0);
    const c = bench({ "/proc/net/tcp": table4 }, 50);
    c.watch("rover", four("203.0.113.7", 40_002));
    c.clock.nowMs = 3000;
    c.queue.tick(c.clock.nowMs);
    c.queue.close();
    expect(c.looks).toEqual(["/proc/net/tcp", "closed"]);
    c.look();
    expect(c.seen.size).toBe(0);
  });
});

describe.runIf(existsSync("/proc/net/tcp"))("this machine's kernel", () => {
  test.each(["127.0.0.1", "::"])("a peer behind %s that does not read: its bytes are seen, and their end when it does", async (host) => {
    const { server, ours, peer } = await pair(host);
    try {
      const queue = new KernelQueue({ nowMs: Date.now });
      let unsent = -1;
      queue.watch(ours, { noteUnsent: (bytes) => (unsent = bytes) });
      peer.pause();
      while (ours.writableLength === 0) ours.write(Buffer.alloc(65_536));
      const looked = (): void => queue.tick(Number.MAX_SAFE_INTEGER - 10_000);
      await eventually(() => {
        looked();
        return unsent > 0;
      }, "bytes that wait");
      peer.resume();
      await eventually(() => {
        const again = new KernelQueue({ nowMs: Date.now });
        again.watch(ours, { noteUnsent: (bytes) => (unsent = bytes) });
        again.tick(Date.now() + 2000);
        return unsent === 0;
      }, "their end");
    } finally {
      ours.destroy();
      peer.destroy();
      server.close();
    }
  });
});

function pair(host: string): Promise<{ server: Server; ours: Socket; peer: Socket }> {
  return new Promise((resolve, reject) => {
    const server = createServer((ours) => resolve({ server, ours, peer }));
    let peer: Socket;
    server.once("error", reject);
    server.listen({ host, port: 0 }, () => {
      peer = connect({ host: "127.0.0.1", port: (server.address() as { port: number }).port });
    });
  });
}

describe("the kernel's settings", () => {
  const asShipped: Record<string, string> = {
    "/proc/sys/net/ipv4/tcp_notsent_lowat": "16384\n",
    "/proc/sys/net/ipv4/tcp_wmem": "4096\t16384\t262144\n",
    "/proc/sys/net/ipv4/tcp_retries2": "8\n",
  };
  const read = (texts: Record<string, string>) => (path: string) => {
    const text = texts[path];
    if (text === undefined) throw new Error("ENOENT");
    return text;
  };

  test("as deploy/90-azemichi.conf sets them: nothing to say", () => expect(unfitSettings(read(asShipped))).toEqual([]));

  test("as Linux comes: each is named, with what it is and what it should be", () => {
    const asLinuxComes = {
      "/proc/sys/net/ipv4/tcp_notsent_lowat": "4294967295\n",
      "/proc/sys/net/ipv4/tcp_wmem": "4096\t16384\t4194304\n",
      "/proc/sys/net/ipv4/tcp_retries2": "15\n",
    };
    expect(unfitSettings(read(asLinuxComes))).toEqual([
      { name: "net.ipv4.tcp_notsent_lowat", found: "4294967295", wanted: "16384" },
      { name: "net.ipv4.tcp_wmem", found: "4096 16384 4194304", wanted: "4096 16384 262144" },
      { name: "net.ipv4.tcp_retries2", found: "15", wanted: "8" },
    ]);
  });

  test("where there is no such kernel: nothing to say", () => expect(unfitSettings(read({}))).toEqual([]));
});

import { describe, expect, test } from "vitest";
import { checkSite } from "../../store/site-check.ts";

const DATUM = { frame: "JGD2011", epoch: "元期" };
const OFFSET = { mount: "MISATO1_J", x: 0.1, y: -0.2, z: 0.3, datum: { frame: "ITRF2014", epoch: "今期" } };
const check = (...bases: object[]) => checkSite({ site: { id: "misato" }, bases: bases.map((b, i) => ({ id: `b${i}`, mount: `M${i}`, ...b })) }, []);

describe("what a base may not be", () => {
  test.each([
    { name: "station 0", bases: [{ stationId: 0 }], path: "bases[0].stationId", says: /1 to 4095.*or null/ },
    { name: "station 4096", bases: [{ stationId: 4096 }], path: "bases[0].stationId", says: /1 to 4095/ },
    { name: "the same station twice", bases: [{ stationId: 7 }, { stationId: 7 }], path: "bases[1].stationId", says: /b0 already/ },
    { name: "mount NEAR in any case", bases: [{ mount: "near" }], path: "bases[0].mount", says: /reserved/ },
    { name: "mount that ends in _M4", bases: [{ mount: "MISATO1_M4" }], path: "bases[0].mount", says: /_M4 or _L/ },
    { name: "mount that ends in _l", bases: [{ mount: "MISATO1_l" }], path: "bases[0].mount", says: /_M4 or _L/ },
    { name: "the same mount twice", bases: [{ mount: "A" }, { mount: "A" }], path: "bases[1].mount", says: /second time/ },
    { name: "the same mount in another case", bases: [{ mount: "Misato" }, { mount: "MISATO" }], path: "bases[1].mount", says: /second time/ },
    { name: "an offset mount that is a mount", bases: [{ mount: "MISATO1_J" }, { arpOffset: OFFSET }], path: "bases[1].arpOffset.mount", says: /second time/ },
    { name: "an offset mount twice", bases: [{ arpOffset: OFFSET }, { arpOffset: OFFSET }], path: "bases[1].arpOffset.mount", says: /second time/ },
    { name: "an offset mount FIELD", bases: [{ arpOffset: { ...OFFSET, mount: "FIELD" } }], path: "bases[0].arpOffset.mount", says: /reserved/ },
    { name: "an offset mount that ends in _L", bases: [{ arpOffset: { ...OFFSET, mount: "A_L" } }], path: "bases[0].arpOffset.mount", says: /_M4 or _L/ },
    { name: "aligned with nobody", bases: [{ alignedWith: ["b9"] }], path: "bases[0].alignedWith[0]", says: /b9 is not among bases/ },
    { name: "aligned with itself", bases: [{ alignedWith: ["b0"] }], path: "bases[0].alignedWith[0]", says: /itself/ },
    { name: "pull by http", bases: [{ pull: "http://example.org/A" }], path: "bases[0].pull", says: /must be one of ntrip:/ },
    { name: "listen by ntrip", bases: [{ listen: "ntrip://example.org/A" }], path: "bases[0].listen", says: /must be tcp:/ },
    { name: "no session of a network", bases: [{ pullSessions: 0 }], path: "bases[0].pullSessions", says: /./ },
  ])("$name", ({ bases, path, says }) => {
    const result = check(...bases);
    expect(result).toMatchObject({ ok: false });
    expect(result.ok ? [] : result.issues).toEqual([{ path, message: expect.stringMatching(says) }]);
  });

  test("an address that is none is not repeated: it may hold a password", () => {
    const result = check({ pull: "ntrip://user:zimt-und-zucker@caster" });
    expect(JSON.stringify(result)).not.toContain("zimt");
  });

  test.each([4, 21])("failover after %i s", (failoverAfterS) => {
    expect(checkSite({ site: { id: "misato", failoverAfterS } }, [])).toMatchObject({ ok: false, issues: [{ path: "site.failoverAfterS" }] });
  });
});

describe("what a base is hardly meant to be", () => {
  test.each([
    {
      name: "aligned over two datums",
      bases: [{ datum: DATUM, alignedWith: ["b1"] }, { datum: null }],
      path: "bases[0].alignedWith[0]",
      says: /another datum/,
    },
    { name: "a network without an address", bases: [{ kind: "network" }], path: "bases[0].pull", says: /missing/ },
    { name: "a network by TCP", bases: [{ kind: "network", pull: "tcp://a:1" }], path: "bases[0].pull", says: /no NTRIP caster/ },
    {
      name: "a network that we wait for",
      bases: [{ kind: "network", pull: "ntrip://a/B", listen: "tcp://0.0.0.0:1" }],
      path: "bases[0].listen",
      says: /no effect/,
    },
  ])("$name is a warning", ({ bases, path, says }) => {
    expect(check(...bases)).toMatchObject({ ok: true, warnings: [{ path, message: expect.stringMatching(says) }] });
  });

  test("two aligned bases of one datum, an offset, and each way in are good", () => {
    const result = check(
      { stationId: 1, datum: DATUM, alignedWith: ["b1"], arpOffset: OFFSET },
      { stationId: 4095, datum: DATUM, pull: "ntrips://user:word@caster.example:2102/MNT?v=2", pullMode: "demand" },
      { kind: "network", pull: "ntrip://user:word@caster.example/VRS", pullSessions: 3 },
      { listen: "tcp://0.0.0.0:5015" },
      { pull: "serial:/dev/ttyACM0?baud=115200", stationId: null },
    );
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });
});

import { decodeMessage, type Ecef, encodeMessage } from "rtcm-parser";
import { expect, test } from "vitest";
import { NetworkReference } from "../../correction-relay/network-reference.ts";
import { ARP, FILLER, frame1006 } from "./support.ts";

const at = ({ xM, yM, zM }: Ecef): Uint8Array =>
  encodeMessage({ ...(decodeMessage(frame1006()) as Extract<ReturnType<typeof decodeMessage>, { kind: "1006" }>), xM, yM, zM });
const away = (m: number): Ecef => ({ ...ARP, zM: ARP.zM + m });

test("nothing before the reference; then all of it; another reference resets, a far one ends", () => {
  const reference = new NetworkReference();
  expect(reference.frame(FILLER, ARP)).toBe("hold");
  expect(reference.frame(at(ARP), away(49_000))).toBe("pass");
  expect(reference.distanceM).toBeCloseTo(49_000, 3);
  expect(reference.frame(FILLER, ARP)).toBe("pass");
  expect(reference.frame(at(away(0.009)), ARP)).toBe("pass");
  expect(reference.frame(at(away(0.011)), ARP)).toBe("reset");
  expect(reference.frame(at(away(0.011)), ARP)).toBe("pass");
  expect(reference.frame(at(away(0.011)), away(50_001))).toBe("far");
  expect(new NetworkReference().frame(at(ARP), away(50_002))).toBe("far");
});

test("a reference that cannot be compared holds the stream", () => {
  const reference = new NetworkReference();
  expect(reference.frame(at(ARP), null)).toBe("hold");
  expect(reference.frame(FILLER, ARP)).toBe("hold");
  expect(reference.frame(at(ARP), ARP)).toBe("pass");
  expect(reference.frame(at(ARP), null)).toBe("pass");
  expect(reference.frame(at(away(100)), null)).toBe("hold");
  expect(reference.frame(FILLER, ARP)).toBe("hold");
  expect(reference.frame(at(away(100)), ARP)).toBe("reset");
  expect(reference.frame(at({ xM: 0, yM: 0, zM: 0 }), ARP)).toBe("hold");
  expect(reference.frame(at(away(100)), ARP)).toBe("reset");
});

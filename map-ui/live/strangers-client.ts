import type { UnknownDevicesJson } from "../../core/domain/uplink-json.ts";
import { type Answer, ask } from "./api-client.ts";

/** Who sends and is in no catalog, heard last first; at most `max` of them, and how many there are. */
export const fetchStrangers = (max: number): Promise<Answer<UnknownDevicesJson>> => ask(`devices/unknown?max=${max}`);

/** What the API of 2.x answered; status 0: nothing. `reason` is a clean text of a refusal. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly reason: string;
}
/** One request to `/api/v2/…`; answers are values, only an abort throws. */
export type CallApi = (request: { readonly method: "GET" | "POST"; readonly path: string; readonly body?: unknown }) => Promise<ApiAnswer>;

export interface BucketTarget {
  readonly org: string | null;
  readonly bucket: string;
  readonly database: string; // what InfluxQL shall call it
}
export type Ensured = { readonly kind: "ready" } | { readonly kind: "failed"; readonly reason: string };

const READY: Ensured = { kind: "ready" };
const ORG_ID = /^[0-9a-f]{16}$/;

/** 2.x and Cloud: makes the bucket, without an end to what it keeps. 3.x makes its databases on a write, or its operator does. */
export async function ensureBucket(call: CallApi, { org, bucket }: BucketTarget): Promise<Ensured> {
  const found = await organizationId(call, org);
  if ("failed" in found) return { kind: "failed", reason: `bucket ${bucket} is not there: ${found.failed}` };
  const made = await call({
    method: "POST",
    path: "/api/v2/buckets",
    body: { orgID: found.id, name: bucket, retentionRules: [{ type: "expire", everySeconds: 0 }] },
  });
  if (made.status === 201) return READY;
  // 422: there is one of that name, which this token cannot see.
  if (made.status === 422) return { kind: "failed", reason: `bucket ${bucket} cannot be reached: ${made.reason}: check what AZEMICHI_INFLUX_TOKEN may do` };
  return {
    kind: "failed",
    reason: `bucket ${bucket} is not there and was not made (${made.reason}): create it in InfluxDB, or give a token that may write buckets`,
  };
}

/**
 * InfluxQL on 2.x finds a bucket only through a mapping of database and retention policy (DBRP). Newer 2.x tell a virtual one for each
 * bucket under its own name; 3.x has none and needs none (404).
 */
export async function ensureMapping(call: CallApi, { org, bucket, database }: BucketTarget): Promise<Ensured> {
  const byOrg = org === null ? {} : ORG_ID.test(org) ? { orgID: org } : { org };
  const told = await call({ method: "GET", path: `/api/v2/dbrps?${new URLSearchParams({ ...byOrg, db: database })}` });
  if (told.status === 404 || (told.status === 200 && listOf(told.body, "content").length > 0)) return READY;
  const failed = (reason: string): Ensured => ({
    kind: "failed",
    reason: `InfluxQL may not find bucket ${bucket} as database ${database}: no DBRP mapping (${reason}): influx v1 dbrp create --db ${database} --rp autogen --default --bucket-id …`,
  });
  if (told.status !== 200) return failed(told.reason);
  const buckets = await call({ method: "GET", path: `/api/v2/buckets?${new URLSearchParams({ ...byOrg, name: bucket })}` });
  const [one] = listOf(buckets.body, "buckets");
  const bucketID = textOf(one, "id");
  const orgID = textOf(one, "orgID");
  if (bucketID === null || orgID === null) return failed(buckets.status === 200 ? "the token does not see the bucket" : buckets.reason);
  const made = await call({
    method: "POST",
    path: "/api/v2/dbrps",
    body: { bucketID, database, default: true, orgID, retention_policy: "autogen" },
  });
  return made.status === 201 ? READY : failed(made.reason);
}

async function organizationId(call: CallApi, org: string | null): Promise<{ readonly id: string } | { readonly failed: string }> {
  const answer = await call({ method: "GET", path: org === null ? "/api/v2/orgs" : `/api/v2/orgs?${new URLSearchParams({ org })}` });
  const orgs = listOf(answer.body, "orgs");
  const id = textOf(orgs[0], "id");
  if (answer.status === 200 && id !== null && (org !== null || orgs.length === 1)) return { id };
  if (org !== null && ORG_ID.test(org)) return { id: org };
  if (org === null) return { failed: "set AZEMICHI_INFLUX_ORG, or create it in InfluxDB" };
  return { failed: `organization ${org} was not found (${answer.status === 200 ? "none of that name" : answer.reason}): check AZEMICHI_INFLUX_ORG` };
}

function listOf(body: unknown, key: string): readonly unknown[] {
  const list = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[key] : undefined;
  return Array.isArray(list) ? list : [];
}

function textOf(item: unknown, key: string): string | null {
  const value = typeof item === "object" && item !== null ? (item as Record<string, unknown>)[key] : undefined;
  return typeof value === "string" && value !== "" ? value : null;
}

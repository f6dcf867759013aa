import { formatNumber, requireNumber, requireRange, sourcesOf } from "./facts.ts";
import type { Answers, CapacityLine, Playbook } from "./types.ts";

/** What the capacity section can find exceeded; names that `exceeds` in warnings.yaml refers to. */
export type Excess = "d1-size" | "d1-throughput" | "object-throughput" | "object-size" | "databases";

export interface Capacity {
  readonly lines: Readonly<Record<string, CapacityLine>>;
  readonly exceeds: readonly Excess[];
}

interface Part {
  readonly key: string;
  readonly line: CapacityLine;
  readonly excess?: Excess;
}

/**
 * Compares the given load and size with the documented limits, with the arithmetic. Lines without the numbers they need are left out.
 * @param pattern id of the recommended pattern: with a database for each tenant, size and load are a tenant's
 */
export function capacityOf(playbook: Playbook, answers: Answers, pattern: string | null): Capacity {
  const given = (id: string): number | undefined => (typeof answers[id] === "number" ? answers[id] : undefined);
  const perTenant = pattern?.startsWith("d1-per-tenant") ? (given("tenants") ?? 1) : 1;
  const free = answers["plan"] === "free";
  // Beside objects the database holds only product data and views: the objects' own size says nothing about it.
  const isShared = pattern === "hot-do-d1-views" || pattern === "d1-per-tenant-hot-do";
  const total = given("total_gb") ?? (isShared ? undefined : sizeFromEntities(given));
  const parts = [
    objects(playbook, given),
    requestsPerObject(playbook, given),
    objectSize(playbook, given, free),
    queriesPerSecond(playbook, given, perTenant),
    databaseSize(playbook, given, total, free, perTenant),
    databases(playbook, given, total ?? 0, free, pattern),
  ].filter((part) => part !== undefined);
  return {
    lines: Object.fromEntries(parts.map((part) => [part.key, part.line])),
    exceeds: parts.flatMap((part) => (part.excess === undefined ? [] : [part.excess])),
  };
}

type Given = (id: string) => number | undefined;

function objects(playbook: Playbook, given: Given): Part | undefined {
  const [entities, peak] = [given("entities"), given("peak_rps")];
  const [low, high] = requireRange(playbook, "rule-do-throughput-range");
  const forLoad = peak === undefined ? undefined : Math.max(1, Math.ceil(peak / low));
  const needed = Math.max(entities ?? 0, forLoad ?? 0);
  if (needed === 0) return undefined;
  const arithmetic = [
    ...(entities === undefined ? [] : [`one object for each of ${formatNumber(entities)} entities`]),
    ...(peak === undefined || forLoad === undefined ? [] : [`${formatNumber(peak)} requests/s ÷ ${low} to ${formatNumber(high)} requests/s an object = ${fromTo(Math.max(1, Math.ceil(peak / high)), forLoad)} for the load`]),
  ];
  return { key: "objects", line: { title: "Objects", needed, limit: null, unit: "objects", verdict: "fits", arithmetic, sources: sourcesOf(playbook, ["do-objects-unlimited", "rule-do-shard-formula"]) } };
}

function requestsPerObject(playbook: Playbook, given: Given): Part | undefined {
  const [hot, peak, entities] = [given("hot_entity_rps"), given("peak_rps"), given("entities")];
  const mean = peak !== undefined && entities !== undefined && entities > 0 ? peak / entities : undefined;
  const needed = hot ?? mean;
  if (needed === undefined) return undefined;
  const [low, high] = requireRange(playbook, "rule-do-throughput-range");
  const [writesLow, writesHigh] = requireRange(playbook, "rule-do-throughput-complex");
  const verdict = needed > high ? "exceeds" : needed > low ? "tight" : "fits";
  const arithmetic = [
    hot === undefined ? `${formatNumber(peak ?? 0)} requests/s ÷ ${formatNumber(entities ?? 0)} entities = ${formatNumber(needed)} requests/s for a mean one; the busiest gets more` : `the busiest entity gets ${formatNumber(hot)} requests/s`,
    `one object does roughly ${low} to ${formatNumber(high)} simple requests/s, ${writesLow} to ${writesHigh} with parsing and writes`,
    ...(verdict === "fits" ? [] : [`${formatNumber(needed)} ÷ ${low} = split it over ${formatNumber(Math.ceil(needed / low))} objects`]),
  ];
  return {
    key: "requestsPerObject",
    line: { title: "Requests for the busiest object", needed, limit: high, unit: "requests/s", verdict, arithmetic, sources: sourcesOf(playbook, ["rule-do-throughput-range", "do-soft-rps"]) },
    ...(verdict === "fits" ? {} : { excess: "object-throughput" as const }),
  };
}

function objectSize(playbook: Playbook, given: Given, free: boolean): Part | undefined {
  const needed = given("mb_per_entity");
  if (needed === undefined) return undefined;
  const fact = free ? "do-storage-per-object-free" : "do-storage-per-object";
  const limit = requireNumber(playbook, fact) * 1000;
  const exceeds = needed > limit;
  return {
    key: "objectSize",
    line: { title: "Size of one object", needed, limit, unit: "MB", verdict: exceeds ? "exceeds" : "fits", arithmetic: [`${formatNumber(needed)} MB of ${formatNumber(limit)} MB that an object may store on the ${free ? "free" : "paid"} plan`], sources: sourcesOf(playbook, [fact]) },
    ...(exceeds ? { excess: "object-size" as const } : {}),
  };
}

function queriesPerSecond(playbook: Playbook, given: Given, perTenant: number): Part | undefined {
  const [peak, writes, ms] = [given("peak_rps"), given("writes_per_second"), given("mean_query_ms")];
  const requests = peak ?? writes;
  if (requests === undefined) return undefined;
  const queries = Math.max(1, given("dependent_queries") ?? 1);
  const needed = (requests * queries) / perTenant;
  const meanMs = Math.max(ms ?? 1, 0.001);
  const limit = 1000 / meanMs;
  const exceeds = needed > limit;
  const what = peak === undefined ? "writes/s" : "requests/s";
  const arithmetic = [
    `${formatNumber(requests)} ${what}${queries > 1 ? ` × ${formatNumber(queries)} queries` : ""}${perTenant > 1 ? ` ÷ ${formatNumber(perTenant)} databases` : ""} = ${formatNumber(needed)} queries/s`,
    `1000 ÷ ${formatNumber(meanMs)} ms a query${ms === undefined ? " (assumed)" : ""} = ${formatNumber(limit)} queries/s for one database`,
    ...(exceeds ? [`${formatNumber(needed)} ÷ ${formatNumber(limit)} = ${formatNumber(Math.ceil(needed / limit))} databases, or as many times cheaper queries`] : []),
  ];
  return {
    key: "d1QueriesPerSecond",
    line: { title: "Queries for one database", needed, limit, unit: "queries/s", verdict: exceeds ? "exceeds" : needed > limit / 2 ? "tight" : "fits", arithmetic, sources: sourcesOf(playbook, ["d1-throughput-1ms", "d1-single-threaded"]) },
    ...(exceeds ? { excess: "d1-throughput" as const } : {}),
  };
}

function databaseSize(playbook: Playbook, given: Given, total: number | undefined, free: boolean, perTenant: number): Part | undefined {
  if (total === undefined) return undefined;
  const fact = free ? "d1-max-db-size-free" : "d1-max-db-size-paid";
  const limit = free ? requireNumber(playbook, fact) / 1000 : requireNumber(playbook, fact);
  const size = total / perTenant;
  const needed = Math.max(perTenant, Math.ceil(total / limit));
  const exceeds = size > limit;
  const arithmetic = [
    ...(given("total_gb") === undefined ? [`${formatNumber(given("entities") ?? 0)} entities × ${formatNumber(given("mb_per_entity") ?? 0)} MB = ${formatNumber(total)} GB`] : []),
    ...(perTenant > 1 ? [`${formatNumber(total)} GB ÷ ${formatNumber(perTenant)} tenants = ${formatNumber(size)} GB for a mean one`] : []),
    exceeds ? `${formatNumber(total)} GB ÷ ${formatNumber(limit)} GB a database = ${formatNumber(needed)} databases` : `${formatNumber(size)} GB of ${formatNumber(limit)} GB that a database may hold on the ${free ? "free" : "paid"} plan`,
  ];
  return {
    key: "d1Size",
    line: { title: "Size of one database", needed: size, limit, unit: "GB", verdict: exceeds ? "exceeds" : size > limit / 2 ? "tight" : "fits", arithmetic, sources: sourcesOf(playbook, [fact]) },
    ...(exceeds ? { excess: "d1-size" as const } : {}),
  };
}

function databases(playbook: Playbook, given: Given, total: number, free: boolean, pattern: string | null): Part | undefined {
  const perDatabase = free ? requireNumber(playbook, "d1-max-db-size-free") / 1000 : requireNumber(playbook, "d1-max-db-size-paid");
  const tenants = pattern?.startsWith("d1-per-tenant") ? (given("tenants") ?? 0) : 0;
  const forSize = Math.ceil(total / perDatabase);
  const needed = Math.max(1, tenants, forSize);
  if (tenants === 0 && total === 0) return undefined;
  const fact = free ? "d1-databases-per-account-free" : "d1-databases-per-account-paid";
  const limit = requireNumber(playbook, fact);
  const exceeds = needed > limit;
  const arithmetic = [
    ...(tenants > 0 ? [`one database for each of ${formatNumber(tenants)} tenants`] : []),
    ...(total > 0 ? [`${formatNumber(total)} GB ÷ ${formatNumber(perDatabase)} GB = ${formatNumber(forSize)} for the size`] : []),
    `an account may have ${formatNumber(limit)} on the ${free ? "free" : "paid"} plan`,
  ];
  return {
    key: "databases",
    line: { title: "Databases", needed, limit, unit: "databases", verdict: exceeds ? "exceeds" : "fits", arithmetic, sources: sourcesOf(playbook, [fact]) },
    ...(exceeds ? { excess: "databases" as const } : {}),
  };
}

function sizeFromEntities(given: Given): number | undefined {
  const [entities, mb] = [given("entities"), given("mb_per_entity")];
  return entities === undefined || mb === undefined ? undefined : (entities * mb) / 1000;
}

function fromTo(low: number, high: number): string {
  if (low === high) return `at least ${formatNumber(low)} object${low === 1 ? "" : "s"}`;
  return `at least ${formatNumber(low)} to ${formatNumber(high)} objects`;
}

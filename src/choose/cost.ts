import { formatMoney, formatNumber, requireNumber, sourcesOf } from "./facts.ts";
import type { Answers, Bill, Cost, CostLine, Meter, Playbook, Recommendation } from "./types.ts";

/** A month's usage by meter id, in the meter's unit. */
export type Usage = Readonly<Record<string, number>>;
export type Plan = "free" | "paid";

/**
 * Prices a month's usage: one line a meter, with the included amount taken off and the arithmetic shown. On the free plan nothing
 * costs, and usage beyond the daily allowances means errors instead of a bill.
 */
export function priceUsage(playbook: Playbook, usage: Usage, plan: Plan): Bill {
  const lines = playbook.cost.meters.filter((meter) => usage[meter.id] !== undefined).map((meter) => priceLine(playbook, meter, usage[meter.id] ?? 0, plan));
  if (plan === "free") return { lines, total: 0, fitsFreePlan: lines.every((line) => line.billable === 0) };
  const minimum = requireNumber(playbook, playbook.cost.minimumPaid);
  return { lines, total: cents(minimum + lines.reduce((sum, line) => sum + line.amount, 0)) };
}

/** Object requests that WebSocket messages count as. */
export function requestsForMessages(playbook: Playbook, messages: number): number {
  return messages / requireNumber(playbook, playbook.cost.websocketRatio);
}

/** GB-s of `seconds` in which an object is in memory. */
export function objectDuration(playbook: Playbook, seconds: number): number {
  return seconds * requireNumber(playbook, playbook.cost.objectMemoryGb);
}

function priceLine(playbook: Playbook, meter: Meter, quantity: number, plan: Plan): CostLine {
  const included = includedAmount(playbook, meter, plan);
  const billable = included === null ? 0 : roundMicro(Math.max(0, quantity - included));
  const steps = meter.roundUp ? Math.ceil(billable / meter.per) : billable / meter.per;
  const unitPrice = requireNumber(playbook, meter.price);
  const amount = plan === "free" ? 0 : cents(steps * unitPrice);
  return {
    meter: meter.id,
    title: meter.title,
    quantity: roundMicro(quantity),
    unit: meter.unit,
    included: included ?? 0,
    billable,
    unitPrice,
    per: meter.per,
    amount,
    arithmetic: plan === "free" ? freeArithmetic(playbook, meter, quantity, included) : paidArithmetic(meter, quantity, included ?? 0, billable, steps, unitPrice, amount),
    sources: sourcesOf(playbook, [meter.price]),
  };
}

/** For a month. Null on the free plan where nothing is metered (Worker CPU is capped for each request instead). */
function includedAmount(playbook: Playbook, meter: Meter, plan: Plan): number | null {
  if (plan === "paid") return requireNumber(playbook, meter.includedPaid);
  if (meter.includedFree === undefined) return null;
  const allowance = requireNumber(playbook, meter.includedFree);
  return meter.total ? allowance : allowance * assumed(playbook, "days_per_month");
}

function paidArithmetic(meter: Meter, quantity: number, included: number, billable: number, steps: number, unitPrice: number, amount: number): string {
  const used = `${formatNumber(quantity)} ${meter.unit} − ${formatNumber(included)} included`;
  if (billable === 0) return `${used}: nothing to pay`;
  const rounded = meter.roundUp && steps * meter.per !== billable ? `, rounded up to ${formatNumber(steps * meter.per)}` : "";
  const price = meter.per === 1 ? `$${unitPrice}` : `$${unitPrice} ÷ ${formatNumber(meter.per)}`;
  return `${used} = ${formatNumber(billable)}${rounded} × ${price} = ${formatMoney(amount)}`;
}

function freeArithmetic(playbook: Playbook, meter: Meter, quantity: number, included: number | null): string {
  if (included === null) return `${formatNumber(quantity)} ${meter.unit}: not metered on the free plan`;
  if (meter.total) return `${formatNumber(quantity)} of ${formatNumber(included)} ${meter.unit} in all: ${quantity > included ? "too much, writes fail" : "fits"}`;
  const days = assumed(playbook, "days_per_month");
  return `${formatNumber(quantity)} ÷ ${days} days = ${formatNumber(quantity / days)} of ${formatNumber(included / days)} ${meter.unit} a day: ${quantity > included ? "too much, operations fail until midnight UTC" : "fits"}`;
}

/**
 * The monthly bill of the three designs at the given load. What was not answered is assumed, and the assumptions used are listed.
 * The plan is taken to be the paid one unless the answers say otherwise.
 */
export function costOf(playbook: Playbook, answers: Answers, recommendation: Recommendation): Cost {
  const plan: Plan = answers["plan"] === "free" ? "free" : "paid";
  const load = monthlyLoad(playbook, answers);
  const bill = (usage: Usage): Bill => priceUsage(playbook, usage, plan);
  const d1 = bill(databaseUsage(load));
  const durableObjects = bill(objectUsage(playbook, load, true));
  const designs: Record<Recommendation, () => Bill> = { d1: () => d1, "durable-objects": () => durableObjects, both: () => bill(sharedUsage(playbook, load, true)), neither: () => bill({ ...workerUsage(load) }) };
  const isHalf = recommendation === "both";
  const sockets = (hibernates: boolean): Bill => bill(isHalf ? sharedUsage(playbook, load, hibernates) : objectUsage(playbook, load, hibernates));
  return {
    currency: "USD",
    plan,
    known: load.known,
    assumptions: load.assumptions,
    d1,
    durableObjects,
    recommended: designs[recommendation](),
    ...(load.hasSockets ? { webSockets: { hibernating: sockets(true), notHibernating: sockets(false) } } : {}),
  };
}

/** A month of the product. */
interface Load {
  readonly known: boolean;
  readonly hasSockets: boolean;
  readonly requests: number;
  /** Of the requests, those that are WebSocket messages. */
  readonly messages: number;
  readonly writes: number;
  readonly queriesPerRequest: number;
  readonly storageGb: number;
  /** Seconds in which objects work, over all of them. */
  readonly activeSeconds: number;
  /** Seconds in which objects would be kept in memory by sockets that do not hibernate, over all of them. */
  readonly connectedSeconds: number;
  readonly cpuMsPerRequest: number;
  readonly rowsPerQuery: number;
  readonly rowsPerWrite: number;
  readonly assumptions: readonly string[];
}

function monthlyLoad(playbook: Playbook, answers: Answers): Load {
  const used: string[] = [];
  const assume = (id: string): number => {
    const assumption = playbook.cost.assumptions[id];
    if (!assumption) throw new Error(`The cost model has no assumption ${id}.`);
    if (!used.includes(assumption.says)) used.push(assumption.says);
    return assumption.value;
  };
  const given = (id: string): number | undefined => (typeof answers[id] === "number" ? answers[id] : undefined);
  const live = answers["live"];
  const hasSockets = typeof live === "object" && live.includes("websockets");
  const [peak, peakWrites, entities, mb] = [given("peak_rps"), given("writes_per_second"), given("entities"), given("mb_per_entity")];
  const storageGb = given("total_gb") ?? (entities !== undefined && mb !== undefined ? (entities * mb) / 1000 : 0);
  const known = peak !== undefined || peakWrites !== undefined || storageGb > 0;

  const seconds = known ? assume("seconds_per_month") : 0;
  const perMonth = (rate: number): number => (rate === 0 ? 0 : rate * seconds * assume("mean_share_of_peak"));
  const requests = perMonth(peak ?? peakWrites ?? 0);
  const writes = peakWrites === undefined ? requests * (requests > 0 ? assume(writeShare(answers)) : 0) : perMonth(peakWrites);
  const messages = hasSockets && requests > 0 ? requests * assume("messages_share") : 0;
  const busiest = given("hot_entity_rps");
  const connected = entities === undefined ? Math.max(1, busiest !== undefined && busiest > 0 && peak !== undefined ? Math.ceil(peak / busiest) : 1) : Math.max(1, Math.round(entities * (hasSockets ? assume("connected_share") : 1)));
  return {
    known,
    hasSockets,
    requests,
    messages,
    writes,
    queriesPerRequest: Math.max(1, given("dependent_queries") ?? 1),
    storageGb,
    activeSeconds: requests > 0 ? (requests * assume("object_active_ms")) / 1000 : 0,
    connectedSeconds: hasSockets && known ? connected * seconds : 0,
    cpuMsPerRequest: requests > 0 ? assume("worker_cpu_ms") : 0,
    rowsPerQuery: requests > 0 ? assume("rows_read_per_query") : 0,
    rowsPerWrite: writes > 0 ? assume("rows_written_per_write") : 0,
    assumptions: used,
  };
}

function writeShare(answers: Answers): string {
  const profile = answers["read_profile"];
  if (profile === "write-heavy") return "write_share_write_heavy";
  return profile === "global-read-heavy" || profile === "regional-read-heavy" ? "write_share_read_heavy" : "write_share_balanced";
}

/** Messages on an open socket reach the object without another Worker request. */
function workerUsage(load: Load): Usage {
  const requests = load.requests - load.messages;
  return { "workers-requests": requests, "workers-cpu": requests * load.cpuMsPerRequest };
}

function databaseUsage(load: Load): Usage {
  return {
    "workers-requests": load.requests,
    "workers-cpu": load.requests * load.cpuMsPerRequest,
    "d1-rows-read": load.requests * load.queriesPerRequest * load.rowsPerQuery,
    "d1-rows-written": load.writes * load.rowsPerWrite,
    "d1-storage": load.storageGb,
  };
}

function objectUsage(playbook: Playbook, load: Load, hibernates: boolean): Usage {
  const seconds = hibernates ? load.activeSeconds : Math.max(load.connectedSeconds, load.activeSeconds);
  return {
    ...workerUsage(load),
    "do-requests": load.requests - load.messages + requestsForMessages(playbook, load.messages),
    "do-duration": objectDuration(playbook, seconds),
    "do-rows-read": load.requests * load.queriesPerRequest * load.rowsPerQuery,
    "do-rows-written": load.writes * load.rowsPerWrite,
    "do-storage": load.storageGb,
  };
}

/** Messages and writes go to objects, which also write one view each to D1; other reads go to D1. Half the data is in either. */
function sharedUsage(playbook: Playbook, load: Load, hibernates: boolean): Usage {
  const toObjects = Math.min(load.requests, Math.max(load.messages, load.writes));
  const share = load.requests === 0 ? 1 : toObjects / load.requests;
  const plain = Math.max(0, toObjects - load.messages);
  const seconds = hibernates ? load.activeSeconds * share : Math.max(load.connectedSeconds, load.activeSeconds * share);
  return {
    ...workerUsage(load),
    "d1-rows-read": (load.requests - toObjects) * load.queriesPerRequest * load.rowsPerQuery,
    "d1-rows-written": load.writes * load.rowsPerWrite,
    "d1-storage": load.storageGb / 2,
    "do-requests": plain + requestsForMessages(playbook, load.messages),
    "do-duration": objectDuration(playbook, seconds),
    "do-rows-read": toObjects * load.queriesPerRequest * load.rowsPerQuery,
    "do-rows-written": load.writes * load.rowsPerWrite,
    "do-storage": load.storageGb / 2,
  };
}

function assumed(playbook: Playbook, id: string): number {
  const assumption = playbook.cost.assumptions[id];
  if (!assumption) throw new Error(`The cost model has no assumption ${id}.`);
  return assumption.value;
}

/** To whole cents, half up, in spite of binary fractions. */
function cents(amount: number): number {
  return Math.round(amount * 100 + 1e-7) / 100;
}

/** Takes the noise of binary fractions off a quantity. */
function roundMicro(quantity: number): number {
  return Math.round(quantity * 1e6) / 1e6;
}

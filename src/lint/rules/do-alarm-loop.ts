// Each alarm is a billed request and each setAlarm() a billed row: a handler that always sets the next alarm soon never lets an idle object rest.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#use-alarms-for-per-entity-scheduled-tasks
import type { Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeName, isCall, isFunction, isWithin } from "../../project/parse/ast.ts";
import { controlFlow, runsInPlace, type Flow, type Step } from "../../project/flow/flow.ts";
import type { CallSite } from "../../project/graph/calls.ts";
import { argumentsOf, delayOf, type Arguments, type KnownNumber } from "../../project/graph/objects/delays.ts";
import { functionsLeadingTo, handedOver, isOnlyBase, storageUse } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Confidence, Report } from "../finding.ts";
import { requireFact } from "../facts.ts";
import { defineRule } from "../rule.ts";
import { alarmHandler, alarmQuestions, alarmTest, hasAlarms, isArmed, setsAlarm } from "./shared/alarms.ts";
import { duration, thousands } from "./shared/words.ts";

/** From this interval on a loop costs next to nothing: under 150 wake-ups a day. */
const LONG_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
const MONTH_DAYS = 30;
const MAX_DEPTH = 5;

export default defineRule({
  id: "do-alarm-loop",
  *check({ project }) {
    if (!hasAlarms(project)) return;
    const reported = new Set<FunctionNode>();
    const leading = functionsLeadingTo(project, "setAlarm");
    // Many classes inherit the handler of one base.
    const loops = new Map<FunctionNode, Rearming | undefined>();
    for (const cls of project.classes.durableObjects) {
      const handler = isOnlyBase(project, cls) ? undefined : alarmHandler(project, cls);
      if (!handler || reported.has(handler)) continue;
      if (!loops.has(handler)) loops.set(handler, rearming(project, handler, new Map(), [], leading));
      const loop = loops.get(handler);
      if (!loop || !isArmed(project, cls, handler)) continue;
      const report = reportOf(project, cls, handler, loop);
      if (!report) continue;
      reported.add(handler);
      yield report;
    }
  },
});

/** How a function always sets the next alarm. */
interface Rearming {
  readonly sets: readonly { readonly call: CallSite; readonly delay: KnownNumber | undefined }[];
  /** Only while nothing is thrown. */
  readonly unlessThrown: boolean;
}

/** Whether each way through a function ends with an alarm set; undefined when one does not. */
function rearming(project: Project, fn: FunctionNode, given: Arguments, active: readonly FunctionNode[], leading: ReadonlySet<FunctionNode>): Rearming | undefined {
  if (!leading.has(fn) || active.includes(fn) || active.length >= MAX_DEPTH) return undefined;
  const flow = controlFlow(fn);
  const sets = new Map<Node, Rearming>();
  const stops = new Set<Node>();
  for (const { node } of flow.order) {
    if (!node || (!isCall(node) && node.type !== "NewExpression")) continue;
    const rearms = rearmingCall(project, node, given, [...active, fn], leading);
    if (rearms) sets.set(node, rearms);
    else if (stopsAlarm(project, node, 0)) stops.add(node);
  }
  if (sets.size === 0) return undefined;
  const pending = pendingTests(project, fn);
  const strict = alwaysPasses(flow, sets, stops, pending, true);
  if (!strict && !alwaysPasses(flow, sets, stops, pending, false)) return undefined;
  // Of several on one way only the last counts: an alarm that is set replaces the one before.
  const lasting = [...sets].filter(([node]) => !flow.everyPath((other) => other !== node && sets.has(other), { from: node }));
  const all = (lasting.length > 0 ? lasting : [...sets]).map(([, rearms]) => rearms);
  return { sets: all.flatMap((rearms) => rearms.sets), unlessThrown: !strict || all.some((rearms) => rearms.unlessThrown) };
}

function rearmingCall(project: Project, call: CallSite, given: Arguments, active: readonly FunctionNode[], leading: ReadonlySet<FunctionNode>): Rearming | undefined {
  if (setsAlarm(project, call)) {
    const [time] = call.arguments;
    return { sets: [{ call, delay: time && time.type !== "SpreadElement" ? delayOf(project, time, given) : undefined }], unlessThrown: false };
  }
  // `work().then(() => setAlarm(…))` skips the callback only when the work fails.
  const [callback] = isCall(call) && calleeName(call) === "then" ? call.arguments : [];
  const next = callback && isFunction(callback) ? rearming(project, callback, given, active, leading) : undefined;
  if (next) return { sets: next.sets, unlessThrown: true };
  const targets = [...project.calls.targetsOf(call).filter((target) => !runsInPlace(target)), ...handedOver(project, call)];
  const inner = targets.map((target) => rearming(project, target, argumentsOf(project, target, call, given), active, leading));
  if (inner.length === 0 || inner.some((rearms) => !rearms)) return undefined;
  const found = inner.flatMap((rearms) => rearms ?? []);
  return { sets: found.flatMap((rearms) => rearms.sets), unlessThrown: found.some((rearms) => rearms.unlessThrown) };
}

/** `deleteAlarm()`, or `deleteAll()`, itself or in what it calls. */
function stopsAlarm(project: Project, call: CallSite, depth: number): boolean {
  const operation = storageUse(project, call)?.operation;
  if (operation === "deleteAlarm" || operation === "deleteAll") return true;
  return depth < 3 && project.calls.targetsOf(call).some((target) => project.calls.callsIn(target).some((inner) => stopsAlarm(project, inner, depth + 1)));
}

/**
 * Whether every way from the start, and from each place that stops the alarm, to a normal end sets it. With `thrown`
 * false, ways through a `catch` are left out: an error is no decision to stop.
 */
function alwaysPasses(flow: Flow, sets: ReadonlyMap<Node, unknown>, stops: ReadonlySet<Node>, pending: (step: Step) => boolean, thrown: boolean): boolean {
  const starts = [flow.entry, ...[...stops].flatMap((node) => flow.stepsOf(node))];
  return starts.every((start) => {
    const seen = new Set<Step>();
    const stack: Step[] = [...start.next];
    for (let step = stack.pop(); step; step = stack.pop()) {
      if (seen.has(step) || (step.node && step.kind !== "assume" && sets.has(step.node)) || pending(step)) continue;
      if (step === flow.exit) return false;
      seen.add(step);
      for (const next of step.next) if (thrown || !isCaught(step, next)) stack.push(next);
    }
    return true;
  });
}

/** Branches taken because an alarm is already set, `if (alarm !== null)`: while the handler runs that can only be a new one. */
function pendingTests(project: Project, fn: FunctionNode): (step: Step) => boolean {
  return ({ condition }) => {
    if (condition?.kind !== "truthy") return false;
    const { test, holds } = condition;
    return alarmQuestions(project, fn, test).some((asked) => alarmTest(project, test, asked, "pending") === holds && alarmTest(project, test, asked, "none") === !holds);
  };
}

/** Whether an edge leads from a `try` block to its `catch`: those joins are made before the block's steps, and lie outside of it. */
function isCaught(from: Step, to: Step): boolean {
  return to.kind === "join" && to.id < from.id && to.region !== from.region && from.region?.kind === "try" && from.loop === to.loop;
}

function reportOf(project: Project, cls: Class, handler: FunctionNode, loop: Rearming): Report | undefined {
  // The longest wait decides how often an idle object wakes; one that is not known decides nothing.
  const delays = loop.sets.map(({ delay }) => delay);
  const [first] = loop.sets;
  if (!first || delays.some((delay) => !delay || delay.value < 0)) return undefined;
  const longest = loop.sets.reduce((a, b) => ((b.delay?.value ?? 0) > (a.delay?.value ?? 0) ? b : a), first);
  const { delay } = longest;
  if (!delay || delay.value >= LONG_MS) return undefined;
  const name = project.classes.nameOf(cls) ?? "the class";
  const every = Math.max(delay.value, 1);
  const daily = DAY_MS / every;
  const monthly = daily * MONTH_DAYS;
  const included = Number(requireFact("price-do-req-paid-included").value);
  const confidence: Confidence = delay.isDefault || loop.unlessThrown ? "medium" : "high";
  const often = delay.value === 0 ? "at once" : `every ${duration(delay.value)}${delay.isDefault ? " unless configured otherwise" : ""}`;
  const counts = delay.value === 0 ? "as many wake-ups as the runtime allows" : `${thousands(daily)} wake-ups a day and ${thousands(monthly)} a month for one object`;
  const objects = Math.ceil(included / monthly);
  const share = objects > 1 ? ` (${thousands(objects)} such objects use up the ${thousands(included)} requests a month that the paid plan includes)` : ` (more than the ${thousands(included)} requests a month that the paid plan includes)`;
  const rest = Number(requireFact("do-hibernate-after").value) * 1_000;
  const sleepless = delay.value <= rest ? `; it hardly ever gets the ${duration(rest)} without events after which an object hibernates` : "";
  return {
    span: project.span(longest.call),
    message:
      `\`${name}\` sets its next alarm ${often}, on every way through its alarm handler, and nothing there lets it stop: ${counts}, ` +
      `idle or not, each billed as a request and each \`setAlarm()\` as a written row${share}${sleepless}.`,
    confidence,
    related: [
      ...(isWithin(longest.call, handler) ? [] : [{ span: project.span(handlerName(handler)), message: "the alarm handler that always comes to this" }]),
      ...(isWithin(delay.origin, longest.call) ? [] : [{ span: project.span(delay.origin), message: `the interval of ${duration(delay.value)}` }]),
      ...loop.sets.filter(({ call }) => call !== longest.call).map(({ call, delay: other }) => ({ span: project.span(call), message: `set here too${other ? `, ${duration(other.value)} ahead` : ""}` })),
    ],
    subject: { class: name },
  };
}

/** The name of a method, so that a report does not mark all of its body. */
function handlerName(fn: FunctionNode): Node {
  const { parent } = fn;
  return parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition" ? parent.key : fn;
}

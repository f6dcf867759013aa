import type { CallExpression, Class, Node } from "../../project/parse/ast.ts";
import { isIdentifier, isWithin, propertyName, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import type { CallSite } from "../../project/graph/calls.ts";
import { extendsMixin } from "../../project/graph/objects/events.ts";
import type { Project } from "../../project/graph/project.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";

// Events of a socket taken with acceptWebSocket() go to methods of the class, never to listeners.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#use-the-hibernatable-websockets-api-for-cost-efficiency

const HANDLER = "webSocketMessage";

export default defineRule({
  id: "do-websocket-without-handler",
  *check({ project }) {
    const byClass = new Map<Class, CallExpression[]>();
    for (const file of project.files)
      for (const member of file.members.get("acceptWebSocket") ?? []) {
        const call = member.parent;
        if (call?.type !== "CallExpression" || call.callee !== member) continue;
        for (const cls of project.classes.ownersOf(call))
          for (const object of objectsOf(project, cls)) if (lacksHandler(project, object)) byClass.set(object, [...(byClass.get(object) ?? []), call]);
      }
    const byCall = new Map<CallExpression, Class[]>();
    for (const [cls, [first]] of byClass) if (first) byCall.set(first, [...(byCall.get(first) ?? []), cls]);
    for (const [call, classes] of byCall) {
      const [cls] = classes;
      if (!cls) continue;
      const others = new Set(classes.flatMap((owner) => byClass.get(owner) ?? []));
      others.delete(call);
      yield {
        span: project.span(call),
        message: `${classNames(project, classes)} ${classes.length > 1 ? "take" : "takes"} sockets for hibernation here but ${classes.length > 1 ? "have" : "has"} no \`webSocketMessage()\`: connecting works, and every message that a client sends is dropped without an error.`,
        confidence: classes.every((owner) => pushesOnly(project, owner)) ? "medium" : "high",
        related: [
          ...[...others].map((other) => ({ span: project.span(other), message: "sockets are also taken here" })),
          ...classes.filter((owner) => !isWithin(call, owner)).map((owner) => ({ span: project.span(owner.id ?? owner), message: "the class whose objects run this" })),
        ],
        subject: { class: project.classes.nameOf(cls) ?? "" },
        ...(pushesOnly(project, cls) ? { help: "If clients only listen, say so with an empty `webSocketMessage()`; otherwise handle what they send there." } : {}),
        ...(listensInstead(project, cls) ? { help: "Move the socket's `message` listener into a method `webSocketMessage(ws, message)` of the class: listeners of such sockets never run." } : {}),
      };
    }
  },
});

/** A base class is no object by itself: what counts is what the classes built on it have. */
function objectsOf(project: Project, cls: Class): readonly Class[] {
  const built = project.classes.subclassesOf(cls);
  return built.length === 0 ? [cls] : built.filter((sub) => project.classes.subclassesOf(sub).length === 0);
}

function lacksHandler(project: Project, cls: Class): boolean {
  const { classes } = project;
  if (cls.abstract || classes.hasMethod(cls, HANDLER) || classes.hasUnknownBase(cls)) return false;
  const chain = classes.chain(cls);
  // A mixin or a decorator may add methods that are not in sight.
  if (extendsMixin(project, cls) || chain.some((current) => current.decorators.length > 0)) return false;
  return !isAssignedAtRunTime(project, chain);
}

/** `Room.prototype.webSocketMessage = …`, `this.webSocketMessage = …`, or `this` handed to something that may do so. */
function isAssignedAtRunTime(project: Project, chain: readonly Class[]): boolean {
  const assignedSomewhere = project.files.some((file) => (file.members.get(HANDLER) ?? []).some(isAssigned));
  return chain.some((cls) => {
    const file = project.fileOf(cls);
    if ((file.members.get(HANDLER) ?? []).some(isAssigned)) return true;
    let escapes = false;
    walk(cls, file.keys, (node) => {
      const call = node.type === "ThisExpression" ? takerOf(node) : undefined;
      if (call && (assignedSomewhere || isAssign(call) || knowsHandler(project, call))) escapes = true;
    });
    return escapes;
  });
}

function isAssigned(member: Node): boolean {
  return member.parent?.type === "AssignmentExpression" && member.parent.left === member;
}

/** Whether what is called is not in sight, or stands in a file that speaks of the handler. */
function knowsHandler(project: Project, call: CallSite): boolean {
  const targets = project.calls.targetsOf(call);
  const definition = call.type === "NewExpression" ? project.definitionOf(unwrap(call.callee)) : undefined;
  const places: readonly Node[] = definition?.type === "class" ? [...targets, definition.node] : targets;
  return places.length === 0 || places.some((place) => project.fileOf(place).text.includes(HANDLER));
}

/** The call that is given `this`, directly or in an object: `setUp(this)`, `new Lifecycle({ room: this })`. */
function takerOf(node: Node): CallSite | undefined {
  const value = wrapped(node);
  const parent = value.parent;
  if (parent?.type === "CallExpression" || parent?.type === "NewExpression") {
    // `fn.call(this)` and `handler.bind(this)` only lend it.
    const lends = parent.callee.type === "MemberExpression" && /^(?:bind|call|apply)$/.test(propertyName(parent.callee) ?? "");
    return parent.callee === value || lends ? undefined : parent;
  }
  if (parent?.type === "Property" && parent.value === value && parent.parent) return takerOf(parent.parent);
  return undefined;
}

function isAssign(call: CallSite): boolean {
  const callee = unwrap(call.callee);
  return callee.type === "MemberExpression" && isIdentifier(unwrap(callee.object), "Object") && /^(?:assign|definePropert)/.test(propertyName(callee) ?? "");
}

/** Sockets that the class only sends to. */
function pushesOnly(project: Project, cls: Class): boolean {
  const file = project.fileOf(cls);
  return !listensInstead(project, cls) && (file.members.get("getWebSockets") ?? []).some((member) => isWithin(member, cls));
}

function listensInstead(project: Project, cls: Class): boolean {
  const file = project.fileOf(cls);
  return (file.members.get("addEventListener") ?? []).some((member) => {
    const call = member.parent;
    const [event] = call?.type === "CallExpression" ? call.arguments : [];
    return isWithin(member, cls) && event?.type === "Literal" && event.value === "message";
  });
}

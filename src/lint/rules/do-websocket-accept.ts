import { controlFlow } from "../../project/flow/flow.ts";
import type { CallExpression, Class, Node } from "../../project/parse/ast.ts";
import { calleeMember, enclosingClass, enclosingFunction, isIdentifier, isWithin, keyName, propertyName, thisClass, unwrap } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import { hibernationOption } from "../../project/graph/objects/hibernation.ts";
import type { Project } from "../../project/graph/project.ts";
import { socketEnds, stateText } from "../../project/graph/objects/sockets.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";

// A socket taken with accept() pins the object in memory for as long as it is connected; one taken with acceptWebSocket() does not.
// https://developers.cloudflare.com/durable-objects/api/state/#acceptwebsocket

export default defineRule({
  id: "do-websocket-accept",
  *check({ project }) {
    const units = new Map<Node, Report[]>();
    for (const file of project.files)
      for (const member of file.members.get("accept") ?? []) {
        const call = member.parent;
        if (call?.type !== "CallExpression" || call.callee !== member) continue;
        const report = acceptReport(project, file, call, member.object);
        const unit = enclosingClass(call) ?? file.program;
        if (report) units.set(unit, [...(units.get(unit) ?? []), report]);
      }
    // One finding a class: sockets are moved to the runtime together.
    for (const [first, ...others] of units.values())
      if (first) yield { ...first, related: [...(first.related ?? []), ...others.map(({ span }) => ({ span, message: "also accepted here" }))] };
    for (const cls of project.classes.durableObjects) if (keepsPartySockets(project, cls)) yield partyReport(project, cls);
  },
});

function acceptReport(project: Project, file: SourceFile, call: CallExpression, socket: Node): Report | undefined {
  const owners = project.classes.ownersOf(call);
  const [owner] = owners;
  if (!owner || ![...socketEnds(project, socket)].includes("server")) return undefined;
  if (closesAtOnce(project, call, socket) || isProxyPair(project, file, call)) return undefined;
  const name = project.text(unwrap(socket));
  return {
    span: project.span(call),
    message: `\`${name}.accept()\` keeps ${classNames(project, owners)} in memory for as long as this socket is connected: the object cannot hibernate between messages, and every second of a quiet connection is billed as duration.`,
    confidence: "high",
    related: isWithin(call, owner) ? [] : [{ span: project.span(owner.id ?? owner), message: "the object that this code runs in" }],
    subject: { class: project.classes.nameOf(owner) ?? "" },
    ...mend(project, file, call, socket),
  };
}

/** `this.ctx.acceptWebSocket(server)` in place of `server.accept()`: certain where messages already go to the handler methods. */
function mend(project: Project, file: SourceFile, call: CallExpression, socket: Node): Pick<Report, "fix" | "suggestion"> {
  const cls = thisClass(call)?.cls;
  const state = cls && project.classes.isDurableObject(cls) ? stateText(project, cls) : undefined;
  if (!cls || state === undefined) return {};
  const edits = [{ span: project.span(call), text: `${state}.acceptWebSocket(${project.text(socket)})` }];
  const listens = (file.members.get("addEventListener") ?? []).some((member) => isWithin(member, cls)) || ["onmessage", "onclose", "onerror"].some((name) => (file.members.get(name) ?? []).some((member) => isWithin(member, cls)));
  if (!listens && project.classes.hasMethod(cls, "webSocketMessage") && !project.classes.hasUnknownBase(cls)) return { fix: edits };
  return { suggestion: { description: `Accept with \`${state}.acceptWebSocket()\` and move the socket's listeners into \`webSocketMessage()\`, \`webSocketClose()\` and \`webSocketError()\` of the class.`, edits } };
}

/** Accepted only to be told why it is refused: `accept()`, `send()`, `close()` on every path, none of it in a listener. */
function closesAtOnce(project: Project, call: CallExpression, socket: Node): boolean {
  const fn = enclosingFunction(call);
  if (!fn) return false;
  const text = project.text(unwrap(socket));
  const flow = controlFlow(fn);
  if (!flow.has(call)) return false;
  return flow.everyPath((node) => {
    if (node.type !== "CallExpression") return false;
    const member = calleeMember(node);
    return member !== undefined && propertyName(member) === "close" && project.text(unwrap(member.object)) === text;
  }, { from: call });
}

/** The function also holds the near end of a socket to somewhere else, and passes messages between the two: that one cannot outlive hibernation. */
function isProxyPair(project: Project, file: SourceFile, call: CallExpression): boolean {
  let fn = enclosingFunction(call);
  for (let outer = fn; outer; outer = enclosingFunction(outer)) fn = outer;
  if (!fn) return false;
  const scope = fn;
  const outgoing = (file.members.get("webSocket") ?? []).some((member) => isWithin(member, scope) && isAwaited(file, unwrap(member.object)));
  if (outgoing) return true;
  return file.news.some((made) => isWithin(made, scope) && isIdentifier(unwrap(made.callee), "WebSocket")) || callsForSocket(project, file, scope, call);
}

/** `(await fetch(url)).webSocket`, or the same through a variable. */
function isAwaited(file: SourceFile, node: Node): boolean {
  if (node.type === "AwaitExpression") return true;
  const declaration = file.scopes.resolve(node)?.declaration;
  return declaration?.type === "VariableDeclarator" && declaration.init ? unwrap(declaration.init).type === "AwaitExpression" : false;
}

/** Another socket in the function is accepted that is no end of a pair: it came from a helper that connects somewhere. */
function callsForSocket(project: Project, file: SourceFile, scope: Node, call: CallExpression): boolean {
  return (file.members.get("accept") ?? []).some((member) => {
    if (member.parent?.type !== "CallExpression" || member.parent === call || !isWithin(member, scope)) return false;
    const ends = socketEnds(project, member.object);
    return ends.has("outgoing") || (ends.has("unknown") && ends.size === 1 && !isParameter(file, member.object));
  });
}

function isParameter(file: SourceFile, node: Node): boolean {
  return file.scopes.resolve(unwrap(node))?.kind === "parameter";
}

const SOCKET_METHODS: readonly string[] = ["onConnect", "onMessage", "onClose"];

/** A partyserver class that handles sockets and does not say `hibernate: true`. */
function keepsPartySockets(project: Project, cls: Class): boolean {
  const { classes } = project;
  const base = classes.knownBase(cls);
  if (base?.hibernates !== "option" || base.module !== "partyserver" || classes.isKnownPackage(project.fileOf(cls).path)) return false;
  // What subclasses opt into holds for them; the base by itself is no object.
  if (classes.subclassesOf(cls).length > 0 || cls.abstract) return false;
  const chain = classes.chain(cls).filter((current) => !classes.isKnownPackage(project.fileOf(current).path));
  if (chain.some((current) => hibernationOption(project, current) !== "no")) return false;
  return chain.some((current) => SOCKET_METHODS.some((name) => current.body.body.some((member) => "key" in member && keyName(member.key, "computed" in member && member.computed) === name)));
}

function partyReport(project: Project, cls: Class): Report {
  const name = project.classes.nameOf(cls) ?? "this class";
  const file = project.fileOf(cls);
  const options = cls.body.body.find((member) => member.type === "PropertyDefinition" && member.static && keyName(member.key, member.computed) === "options");
  const at = cls.body.start + 1;
  return {
    span: project.span(cls.id ?? cls),
    message: `\`${name}\` handles sockets but does not opt into hibernation: partyserver then takes each with accept(), so the object stays in memory, and is billed, for as long as anybody is connected.`,
    confidence: "high",
    subject: { class: name },
    help: "Add `static options = { hibernate: true };` and keep what must survive between messages in `connection.setState()` or storage.",
    ...(options ? {} : {
      suggestion: {
        description: "Opt into hibernation; first make sure that fields kept in memory between messages are restored in `onStart()`.",
        edits: [{ span: { file: file.path, start: at, end: at }, text: "\n  static options = { hibernate: true };" }],
      },
    }),
  };
}

import type { Class } from "../../parse/ast.ts";
import { keyName, thisClass, typeNameText } from "../../parse/ast.ts";
import type { Kind, Kinds } from "./kinds.ts";

/** What a field or method of a class's instances holds: by its initialiser, by what the class assigns to it, by its type, by the base. */
export function kindOfField(kinds: Kinds, cls: Class, name: string): Kind | undefined {
  const { classes } = kinds.project;
  let typed: Kind | undefined;
  let stated: Kind | undefined;
  for (const member of cls.body.body) {
    if (member.type === "MethodDefinition" && !member.static && keyName(member.key, member.computed) === name && member.kind !== "constructor") {
      if (member.kind === "method") return { kind: "function", fn: member.value };
      if (member.kind === "get") return kinds.returnedBy(member.value);
    }
    if ((member.type === "PropertyDefinition" || member.type === "AccessorProperty") && !member.static && keyName(member.key, member.computed) === name) {
      // `declare sql: Executor` only types what the base class provides: what that is goes first.
      const annotated = member.typeAnnotation ? kinds.kindOfType(member.typeAnnotation) : undefined;
      if (member.declare) stated = annotated;
      else typed = annotated;
      const value = member.value ? kinds.kindOf(member.value) : undefined;
      if (value && !(value.kind === "object" && typed)) return value;
    }
    if (member.type === "MethodDefinition" && member.kind === "constructor")
      for (const parameter of member.value.params)
        if (parameter.type === "TSParameterProperty") {
          const pattern = parameter.parameter.type === "AssignmentPattern" ? parameter.parameter.left : parameter.parameter;
          if (pattern.type === "Identifier" && pattern.name === name) {
            const variable = kinds.project.fileOf(pattern).scopes.lookup(name, member.value);
            const kind = variable ? kinds.kindOfVariable(kinds.project.fileOf(pattern), variable) : undefined;
            if (kind) return kind;
          }
        }
  }
  const assigned = fieldAssigned(kinds, cls, name);
  if (assigned) return assigned;
  if (typed) return typed;
  const base = classes.baseOf(cls);
  if (base?.type === "project") {
    const inherited = kinds.fieldKind(base.cls, name);
    if (inherited) return inherited;
  }
  if (classes.isDurableObject(cls)) {
    if (name === "ctx") return { kind: "do-state", cls };
    if (name === "env") return { kind: "env" };
    if (name === "storage" && classes.knownBase(cls)?.module === "@cloudflare/actors") return { kind: "do-storage" };
    if (name === "sql" && classes.knownBase(cls)?.ownsAlarm) return { kind: "do-sql-tag" };
  } else if (classes.isEntrypoint(cls)) {
    if (name === "env") return { kind: "env" };
    if (name === "ctx") return { kind: "execution-context" };
    if (name === "agent" && base?.type === "external" && base.name === "AgentWorkflow") return agentOf(cls);
  }
  return stated;
}

/** `this.agent` of an `AgentWorkflow<Agent, …>`: a stub of the agent that started it. */
function agentOf(cls: Class): Kind {
  const [agent] = cls.superTypeArguments?.params ?? [];
  const className = agent?.type === "TSTypeReference" ? typeNameText(agent.typeName) : undefined;
  return { kind: "stub", namespace: className === undefined ? undefined : { kind: "namespace", node: cls, className }, from: "unknown", node: cls };
}

function fieldAssigned(kinds: Kinds, cls: Class, name: string): Kind | undefined {
  const file = kinds.project.fileOf(cls);
  for (const member of file.members.get(name) ?? []) {
    const parent = member.parent;
    if (parent?.type !== "AssignmentExpression" || parent.left !== member || member.object.type !== "ThisExpression") continue;
    if (thisClass(member)?.cls !== cls) continue;
    const kind = kinds.kindOf(parent.right);
    if (kind) return kind;
  }
  return undefined;
}

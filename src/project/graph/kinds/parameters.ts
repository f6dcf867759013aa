import type { CallExpression, FunctionNode, Node } from "../../parse/ast.ts";
import { callbackOf, calleeMember, isClass, isWithin, keyName, propertyName } from "../../parse/ast.ts";
import type { Variable } from "../../parse/scopes.ts";
import type { DatabaseKind, Kind, Kinds, NamespaceKind } from "./kinds.ts";
import { kindInPattern } from "./patterns.ts";
import { ENV_NAME } from "./members.ts";

/** What a parameter, or a name that it is taken apart into, holds: by its type, by what calls the function, by its name. */
export function kindOfParameter(kinds: Kinds, fn: FunctionNode, variable: Variable): Kind | undefined {
  for (const [index, raw] of fn.params.entries()) {
    const parameter: Node = raw.type === "TSParameterProperty" ? raw.parameter : raw;
    if (!isWithin(variable.node, parameter)) continue;
    const pattern = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
    const annotation = "typeAnnotation" in pattern ? pattern.typeAnnotation : undefined;
    const whole = (): Kind | undefined => {
      const typed = annotation ? kinds.kindOfType(annotation) : undefined;
      if (typed?.kind === "namespace" || typed?.kind === "d1") return refined(typed, argumentKind(kinds, fn, index, pattern));
      if (typed && typed.kind !== "typed") return typed;
      return argumentKind(kinds, fn, index, pattern) ?? typed ?? (parameter.type === "AssignmentPattern" ? kinds.kindOf(parameter.right) : undefined);
    };
    const kind = kindInPattern(kinds, pattern, variable.node, whole);
    if (kind) return kind;
    if (ENV_NAME.test(variable.name)) return { kind: "env" };
    return undefined;
  }
  return undefined;
}

/** `ns: DurableObjectNamespace` says what it is; the calls in sight say which binding it is. */
function refined(typed: NamespaceKind | DatabaseKind, argument: Kind | undefined): Kind {
  if (typed.kind === "namespace" && argument?.kind === "namespace") return { ...argument, ...(typed.className === undefined ? {} : { className: typed.className }) };
  return typed.kind === "d1" && argument?.kind === "d1" ? argument : typed;
}

/** What is passed as a function's argument: by the caller that calls it back, by convention, or at the calls in sight. */
function argumentKind(kinds: Kinds, fn: FunctionNode, index: number, pattern: Node): Kind | undefined {
  const byConvention = conventionalArgument(kinds, fn, index, pattern);
  if (byConvention) return byConvention;
  const callback = callbackOf(fn);
  if (callback) {
    const called = callbackArgument(kinds, callback.call, callback.index, index);
    if (called) return called;
  }
  if (kinds.circles.isDeep) {
    kinds.circles.cut(0);
    return undefined;
  }
  for (const site of kinds.project.calls.callersOf(fn)) {
    const argument = site.arguments[index];
    if (!argument || argument.type === "SpreadElement") continue;
    const kind = kinds.kindOf(argument);
    if (kind) return kind;
  }
  return undefined;
}

function conventionalArgument(kinds: Kinds, fn: FunctionNode, index: number, pattern: Node): Kind | undefined {
  const method = fn.parent;
  const name = pattern.type === "Identifier" ? pattern.name : undefined;
  if (method?.type === "MethodDefinition" && method.kind === "constructor" && isClass(method.parent?.parent)) {
    const cls = method.parent.parent;
    if (kinds.project.classes.isDurableObject(cls)) {
      if (index === 0) return { kind: "do-state", cls };
      if (index === 1) return { kind: "env" };
    }
    if (kinds.project.classes.isEntrypoint(cls)) return index === 0 ? { kind: "execution-context" } : index === 1 ? { kind: "env" } : undefined;
  }
  if (method?.type === "Property" && ["fetch", "scheduled", "queue", "email", "tail", "trace"].includes(keyName(method.key, method.computed) ?? "")) {
    if (index === 1) return { kind: "env" };
    if (index === 2) return { kind: "execution-context" };
    if (index === 0 && keyName(method.key, method.computed) === "fetch") return { kind: "request" };
  }
  if (name !== undefined && ENV_NAME.test(name)) return { kind: "env" };
  if (name !== undefined && /^(?:request|req)$/.test(name)) return { kind: "request" };
  return undefined;
}

/** Callbacks whose arguments the called function decides. */
function callbackArgument(kinds: Kinds, call: CallExpression, callbackIndex: number, index: number): Kind | undefined {
  const member = calleeMember(call);
  const name = member ? propertyName(member) : undefined;
  if (!member || name === undefined) return undefined;
  if (index === 0 && callbackIndex === 0) {
    if (name === "transaction") {
      const owner = kinds.kindOf(member.object);
      if (owner?.kind === "do-storage") return { kind: "do-storage" };
      if (owner?.kind === "orm") return owner;
    }
    if (["map", "forEach", "filter", "flatMap", "find", "some", "every"].includes(name)) {
      const owner = kinds.kindOf(member.object);
      if (owner?.kind === "array") return owner.element;
    }
    if (name === "then") return kinds.kindOf(member.object);
  }
  return undefined;
}

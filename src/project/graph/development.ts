import { kept } from "../../kept.ts";
import type { FunctionNode, Node } from "../parse/ast.ts";
import { enclosingFunction, isCall, isIdentifier, isMember, propertyName, unwrap } from "../parse/ast.ts";
import { flowOf } from "../flow/flow.ts";
import type { Project } from "./project.ts";
import { returnedBy } from "./runs.ts";

/** Constants that bundlers fill in: true while developing, by the module that exports them. */
const FLAGS: Readonly<Record<string, string>> = { "$app/environment": "dev", "esm-env": "DEV" };
const VARIABLE = /^(?:(?:APP_|NODE_|WORKER_)?ENV(?:IRONMENT)?|STAGE)$/;
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[?::1\]?|0\.0\.0\.0)$/;
const MENTIONS = /\blocalhost\b|\$app\/environment|esm-env|import\.meta\.(?:env|dev)\b|process\.dev\b|NODE_ENV|\.(?:APP_|WORKER_)?ENV(?:IRONMENT)?\b|\.STAGE\b/;
const LOCAL_MODES: ReadonlySet<string> = new Set(["development", "dev", "local", "test"]);
const MAX_CALLERS = 4;

const mentionsDevelopment = kept((project: Project): boolean => project.files.some((file) => MENTIONS.test(file.text)));

/**
 * Whether a node's code runs on a developer's machine only: behind `if (dev)`, after `if (!import.meta.env.DEV) throw …`, or in a
 * function that only such code calls. What it costs, no user of the deployed Worker pays.
 */
export function isDevelopmentOnly(project: Project, node: Node): boolean {
  return mentionsDevelopment(project) && runsInDevelopment(project, node, new Set(), 0);
}

function runsInDevelopment(project: Project, node: Node, seen: Set<FunctionNode>, depth: number): boolean {
  let current = node;
  for (;;) {
    const conditions = flowOf(current)?.conditionsOn(current) ?? [];
    if (conditions.some((condition) => condition.kind === "truthy" && meansDevelopment(project, condition.test) === condition.holds)) return true;
    const fn = enclosingFunction(current);
    if (!fn) return false;
    if (!enclosingFunction(fn)) return depth < MAX_CALLERS && isOnlyCalledSo(project, fn, seen, depth);
    if (isOnlyCalledSo(project, fn, seen, depth)) return true;
    current = fn;
  }
}

/** Whether every use of a function in sight is a call from code that runs in development only. */
function isOnlyCalledSo(project: Project, fn: FunctionNode, seen: Set<FunctionNode>, depth: number): boolean {
  if (seen.has(fn) || project.calls.isEntry(fn)) return false;
  seen.add(fn);
  const sites = project.calls.callersOf(fn);
  if (sites.length === 0 || sites.length > 50 || isHandedOn(project, fn)) return false;
  return sites.every((site) => runsInDevelopment(project, site, new Set(seen), depth + 1));
}

/** Whether a function is used as a value somewhere: who runs it then is not in sight. */
function isHandedOn(project: Project, fn: FunctionNode): boolean {
  for (const name of project.calls.namesOf(fn))
    for (const use of project.calls.valuesNamed(name)) {
      const definition = project.definitionOf(use);
      if (definition?.type === "function" && definition.node === fn) return true;
    }
  return false;
}

/** What a test says when it is true: development (true), a deployed Worker (false), or neither. */
function meansDevelopment(project: Project, raw: Node): boolean | undefined {
  const node = unwrap(raw);
  switch (node.type) {
    case "Identifier": {
      const kind = project.kindOf(node);
      if (kind?.kind === "external") return FLAGS[kind.module] === kind.name ? true : undefined;
      // const isDev = process.env.NODE_ENV === "development"
      const definition = project.definitionOf(node);
      const { declaration, kind: how } = definition?.type === "variable" ? definition.variable : { declaration: undefined, kind: undefined };
      const value = declaration?.type === "VariableDeclarator" && how === "const" && declaration.id.type === "Identifier" ? declaration.init : undefined;
      return value && !isIdentifier(unwrap(value)) ? meansDevelopment(project, value) : undefined;
    }
    case "MemberExpression":
      return flagOf(node);
    case "UnaryExpression": {
      const inner = node.operator === "!" ? meansDevelopment(project, node.argument) : undefined;
      return inner === undefined ? undefined : !inner;
    }
    case "LogicalExpression": {
      const sides = [meansDevelopment(project, node.left), meansDevelopment(project, node.right)];
      // `host === "localhost" || host === "127.0.0.1"`, `dev && …`
      return node.operator === "||" ? (sides[0] === sides[1] ? sides[0] : undefined) : node.operator === "&&" && sides.includes(true) ? true : undefined;
    }
    case "CallExpression": {
      // isLocalRequest(url), where the function does nothing but look.
      const [fn, other] = project.targetsOf(node);
      const [answer, more] = fn && !other ? returnedBy(project, fn) : [];
      return answer && !more && !isCall(unwrap(answer)) ? meansDevelopment(project, answer) : undefined;
    }
    case "BinaryExpression": {
      const equality = /^[!=]==?$/.test(node.operator);
      if (equality && [[node.left, node.right], [node.right, node.left]].some(([host, name]) => host && name && isHost(host) && LOCAL_HOST.test(project.constants.constantOf(name)?.value ?? ""))) return !node.operator.startsWith("!");
      const mode = modeOf(node.left) ?? modeOf(node.right);
      const other = modeOf(node.left) ? node.right : node.left;
      const name = mode ? project.constants.constantOf(other)?.value : undefined;
      const equal = node.operator === "===" || node.operator === "==";
      if (name === undefined || (!equal && node.operator !== "!==" && node.operator !== "!=")) return undefined;
      if (LOCAL_MODES.has(name)) return equal;
      // What is no production by a variable of the Worker may still be a deployed preview.
      return name === "production" && mode === "build" ? !equal : undefined;
    }
    default:
      return undefined;
  }
}

/** `url.hostname`, also kept under that name. */
function isHost(raw: Node): boolean {
  const node = unwrap(raw);
  const name = isMember(node) ? propertyName(node) : isIdentifier(node) ? node.name : undefined;
  return name !== undefined && /^host(?:name)?$/i.test(name);
}

/** `import.meta.env.DEV`, `import.meta.env.PROD`, `import.meta.dev`, `process.dev` */
function flagOf(node: Node): boolean | undefined {
  if (!isMember(node)) return undefined;
  const object = unwrap(node.object);
  const name = propertyName(node);
  if (isMember(object) && propertyName(object) === "env" && unwrap(object.object).type === "MetaProperty") return name === "DEV" ? true : name === "PROD" ? false : undefined;
  const isHost = object.type === "MetaProperty" || isIdentifier(object, "process");
  return isHost && name === "dev" ? true : undefined;
}

/** `process.env.NODE_ENV`, `import.meta.env.MODE`: what the bundler was run for. `env.ENVIRONMENT`: what the deployment says it is. */
function modeOf(raw: Node): "build" | "variable" | undefined {
  const node = unwrap(raw);
  const object = isMember(node) ? unwrap(node.object) : undefined;
  const name = isMember(node) ? propertyName(node) : undefined;
  if (name === undefined || !(isIdentifier(object, "env") || (isMember(object) && propertyName(object) === "env"))) return undefined;
  if (name === "NODE_ENV" || (name === "MODE" && isMember(object) && unwrap(object.object).type === "MetaProperty")) return "build";
  return VARIABLE.test(name) ? "variable" : undefined;
}

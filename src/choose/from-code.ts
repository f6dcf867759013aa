import type { Class, Node } from "../project/parse/ast.ts";
import { calleeMember, isMember, propertyName, unwrap, walk } from "../project/parse/ast.ts";
import { environmentsOf } from "../project/graph/bindings.ts";
import { isOnlyBase, objectCode, type ObjectCode } from "../project/graph/objects/object-storage.ts";
import { sqlSites } from "../project/graph/queries/sql-sites.ts";
import type { Project } from "../project/graph/project.ts";
import { lineStarts, positionAt, type Span } from "../project/span.ts";
import type { OtherBindingKind, WranglerConfig } from "../project/wrangler/types.ts";
import type { AnswerValue, Evidence } from "./types.ts";

/** An answer that the code suggests, and where it says so. */
export interface CodeAnswer {
  readonly question: string;
  readonly value: AnswerValue;
  readonly evidence: readonly Evidence[];
}

/** How many places are kept for one answer. */
const MOST_EVIDENCE = 3;

/** Objects of these run other people's processes; they are no atom of anything. */
const NOT_ATOMS: ReadonlySet<string> = new Set(["Container", "Sandbox"]);

/**
 * What the code of a project shows of the questions. It tells what was built, not what is needed: each answer is to be looked
 * at again, and questions that code cannot answer (what a reader must see, the load) are left open.
 */
export function answersFromCode(project: Project): readonly CodeAnswer[] {
  const classes = project.classes.durableObjects.filter((cls) => isAtom(project, cls));
  const codes = classes.map((cls) => objectCode(project, cls));
  return [
    ...atomOf(project, classes),
    ...acrossOf(project, codes),
    ...liveOf(project, classes, codes),
    ...sessionsOf(project),
    ...lifetimeOf(project, codes),
    ...dataOf(project, codes),
    ...existingDatabaseOf(project),
    ...residencyOf(project),
  ];
}

function isAtom(project: Project, cls: Class): boolean {
  const base = project.classes.knownBase(cls);
  return !isOnlyBase(project, cls) && (base === undefined || !NOT_ATOMS.has(base.name)) && !project.fileOf(cls).test;
}

function atomOf(project: Project, classes: readonly Class[]): readonly CodeAnswer[] {
  const [first] = classes;
  if (!first) return [];
  const { constant, dynamic } = addressesOf(project);
  if (constant.length > 0 && dynamic.length === 0)
    return [{ question: "atom", value: "global", evidence: constant.slice(0, MOST_EVIDENCE).map(({ node, name }) => at(project, node, `every object is addressed by a constant, such as "${name}"`)) }];
  const named = classes.map((cls) => at(project, cls, `Durable Object ${project.classes.nameOf(cls) ?? "class"}`)).slice(0, MOST_EVIDENCE);
  if (classes.length > 1) return [{ question: "atom", value: "several", evidence: named }];
  const name = project.classes.nameOf(first);
  const word = name === undefined ? "" : atomWord(name);
  return [{ question: "atom", value: "clear", evidence: named }, ...(word === "" ? [] : [{ question: "atom_name", value: word, evidence: named }])];
}

/** `ChatRoomDO` is about a chat room. */
function atomWord(name: string): string {
  return name
    .replace(/(?:Durable)?(?:Objects?|DO|Actor|Server|Agent)$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/_/g, " ")
    .trim()
    .toLowerCase();
}

interface Addresses {
  readonly constant: readonly { readonly node: Node; readonly name: string }[];
  readonly dynamic: readonly Node[];
}

function addressesOf(project: Project): Addresses {
  const constant: { node: Node; name: string }[] = [];
  const dynamic: Node[] = [];
  for (const file of project.files)
    for (const call of file.test ? [] : file.calls) {
      const kind = project.kindOf(call);
      if ((kind?.kind !== "stub" && kind?.kind !== "object-id") || kind.node !== call) continue;
      const known = kind.from === "name" && kind.name ? project.constants.constantOf(kind.name) : undefined;
      if (known) constant.push({ node: call, name: known.value });
      else dynamic.push(call);
    }
  return { constant, dynamic };
}

/** Joins, groups and counts asked of D1; where there is no D1, the SQL of objects stays inside each of them. */
function acrossOf(project: Project, codes: readonly ObjectCode[]): readonly CodeAnswer[] {
  if (deployed(project).every(({ environment }) => environment.d1.length === 0)) {
    const local = codes.flatMap((code) => code.uses.filter((use) => use.operation === "sql" || use.operation.startsWith("orm-")));
    return local.length === 0 ? [] : [{ question: "cross_entity_sql", value: "none", evidence: local.slice(0, 1).map((use) => at(project, use.node, "SQL inside an object, and no D1 is bound")) }];
  }
  const spanning = sqlSites(project).filter((site) => site.target === "d1" && !site.file.test && site.texts.some(({ sql }) => /\bjoin\b|\bgroup\s+by\b|\bcount\s*\(/i.test(sql.text)));
  if (spanning.length === 0) return [];
  return [{ question: "cross_entity_sql", value: spanning.length >= 3 ? "frequent" : "occasional", evidence: spanning.slice(0, MOST_EVIDENCE).map((site) => at(project, site.node, "a query over many rows or tables of D1")) }];
}

function liveOf(project: Project, classes: readonly Class[], codes: readonly ObjectCode[]): readonly CodeAnswer[] {
  const alarms = codes.flatMap((code) => code.uses.filter((use) => use.operation === "setAlarm").map((use) => at(project, use.node, "sets an alarm")));
  const sockets = codes.flatMap((code) => socketCalls(project, code));
  const bases = classes.flatMap((cls) => {
    const base = project.classes.knownBase(cls);
    return base?.handlers.includes("webSocketMessage") ? [at(project, cls, `extends ${base.name}, which takes sockets`)] : [];
  });
  const value = [...(alarms.length > 0 ? ["timers"] : []), ...(sockets.length + bases.length > 0 ? ["websockets"] : [])];
  if (value.length === 0) return [];
  return [{ question: "live", value, evidence: [...alarms.slice(0, 1), ...[...sockets, ...bases].slice(0, 1)] }];
}

function socketCalls(project: Project, { functions }: ObjectCode): readonly Evidence[] {
  const found: Evidence[] = [];
  for (const fn of functions)
    walk(fn, project.fileOf(fn).keys, (node) => {
      if (node.type === "CallExpression" && nameOfCall(node) === "acceptWebSocket") found.push(at(project, node, "accepts WebSockets"));
      return undefined;
    });
  return found;
}

function sessionsOf(project: Project): readonly CodeAnswer[] {
  const calls = callsNamed(project, "withSession");
  return calls.length === 0 ? [] : [{ question: "consistency", value: "session", evidence: calls.slice(0, MOST_EVIDENCE).map((call) => at(project, call, "asks D1 through a session")) }];
}

function lifetimeOf(project: Project, codes: readonly ObjectCode[]): readonly CodeAnswer[] {
  const emptied = codes.flatMap((code) => code.uses.filter((use) => use.operation === "deleteAll"));
  return emptied.length === 0 ? [] : [{ question: "lifetime", value: "ephemeral", evidence: emptied.slice(0, MOST_EVIDENCE).map((use) => at(project, use.node, "empties the object")) }];
}

const DATA_OF_BINDING: Readonly<Partial<Record<OtherBindingKind, string>>> = { r2: "blobs", analytics: "time-series", queue: "jobs" };

function dataOf(project: Project, codes: readonly ObjectCode[]): readonly CodeAnswer[] {
  const found = new Map<string, Evidence>();
  const add = (shape: string, evidence: Evidence): void => {
    if (!found.has(shape)) found.set(shape, evidence);
  };
  for (const { config, environment } of deployed(project)) for (const database of environment.d1) add("relational", atSpan(project, database.span, `D1 bound as ${database.binding.value}`, config));
  const uses = codes.flatMap((code) => code.uses);
  for (const use of uses) if (use.operation === "sql" || use.operation.startsWith("orm-")) add("relational", at(project, use.node, "SQL of an object"));
  // Beside tables a value by key is a setting or a version, and no shape of the data.
  if (!found.has("relational")) for (const use of uses) if (use.operation === "put") add("key-value", at(project, use.node, "values by key in an object"));
  for (const { config, environment } of deployed(project))
    for (const [name, kind] of environment.otherBindings) {
      const shape = DATA_OF_BINDING[kind];
      if (shape !== undefined) add(shape, inConfig(config, name, `${kind} bound as ${name}`));
    }
  return found.size === 0 ? [] : [{ question: "data", value: [...found.keys()], evidence: [...found.values()] }];
}

const DRIVERS: Readonly<Record<"postgres" | "mysql", readonly string[]>> = { postgres: ["pg", "postgres", "@neondatabase/serverless", "@prisma/adapter-pg"], mysql: ["mysql2", "mysql", "@planetscale/database"] };

function existingDatabaseOf(project: Project): readonly CodeAnswer[] {
  const bound = deployed(project).flatMap(({ config, environment }) => [...environment.otherBindings].flatMap(([name, kind]) => (kind === "hyperdrive" ? [inConfig(config, name, `Hyperdrive bound as ${name}`)] : [])));
  if (bound.length === 0) return [];
  for (const kind of ["postgres", "mysql"] as const)
    for (const info of project.checkout.packages) {
      const driver = DRIVERS[kind].find((name) => info.dependencies.has(name));
      if (driver !== undefined) return [{ question: "existing_database", value: kind, evidence: [...bound.slice(0, 1), { file: info.file, line: lineOf(info.text, `"${driver}"`), says: `depends on ${driver}` }] }];
    }
  return [];
}

function residencyOf(project: Project): readonly CodeAnswer[] {
  for (const call of callsNamed(project, "jurisdiction")) {
    const [argument] = call.type === "CallExpression" ? call.arguments : [];
    const value = argument ? project.constants.constantOf(argument)?.value : undefined;
    if (value === "eu" || value === "us" || value === "fedramp") return [{ question: "residency", value, evidence: [at(project, call, `objects are held to the jurisdiction ${value}`)] }];
  }
  return [];
}

function callsNamed(project: Project, name: string): readonly Node[] {
  return project.files.filter((file) => !file.test).flatMap((file) => file.calls.filter((call) => nameOfCall(call) === name));
}

function nameOfCall(node: Node): string | undefined {
  if (node.type !== "CallExpression") return undefined;
  const member = calleeMember(node);
  return member && isMember(unwrap(member)) ? propertyName(member) : undefined;
}

function deployed(project: Project): readonly { readonly config: WranglerConfig; readonly environment: WranglerConfig["top"] }[] {
  return project.checkout.configs.filter((config) => !config.inTests).flatMap((config) => environmentsOf(config).map((environment) => ({ config, environment })));
}

function inConfig(config: WranglerConfig, name: string, says: string): Evidence {
  return { file: config.file, line: lineOf(config.text, name), says };
}

function lineOf(text: string, part: string): number {
  return positionAt(lineStarts(text), Math.max(0, text.indexOf(part))).line;
}

function at(project: Project, node: Node, says: string): Evidence {
  const file = project.fileOf(node);
  return { file: file.path, line: positionAt(file.lineStarts, node.start).line, says };
}

function atSpan(project: Project, span: Span, says: string, config: WranglerConfig): Evidence {
  return { file: span.file, line: positionAt(lineStarts(project.checkout.read(span.file) ?? config.text), span.start).line, says };
}

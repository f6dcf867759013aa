import type { Class, Node } from "../../project/parse/ast.ts";
import { calleeName } from "../../project/parse/ast.ts";
import { isOnlyBase, objectCode, type StorageUse } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import { readOf, writeOf } from "../../project/graph/objects/storage-access.ts";
import { defineRule } from "../rule.ts";
import { holdingsOf } from "./shared/holdings.ts";
import { count, listed } from "./shared/words.ts";

// One object answers one request after another in one place: as the database of a whole application it is its bottleneck.

/** From this many tables on, one of them joined or two read, an object holds more than the state of one thing. */
const SEVERAL_TABLES = 3;

export default defineRule({
  id: "do-as-database",
  *check({ project }) {
    let addresses: ReadonlyMap<Class, Addresses> | undefined;
    for (const cls of project.classes.durableObjects) {
      const { uses } = objectCode(project, cls);
      const { tables, read } = tablesOf(project, cls, uses);
      if (tables.size < SEVERAL_TABLES || read.size < 2 || isOnlyBase(project, cls)) continue;
      const found = (addresses ??= addressesOf(project)).get(cls);
      if (!found || found.dynamic || found.names.size !== 1) continue;
      const name = project.classes.nameOf(cls) ?? "the class";
      const [only, place] = [...found.names][0] ?? [];
      if (only === undefined || !place) continue;
      const creates = uses.find((use) => use.operation === "sql" && /\bCREATE\s+TABLE\b/i.test(project.text(use.node)));
      yield {
        span: project.span(cls.id ?? cls),
        message: `The only object of \`${name}\`, \`"${only}"\`, holds ${count(tables.size, "SQL table")} (${listed([...tables].sort().slice(0, 4))}${tables.size > 4 ? ", …" : ""}) for the whole application: every query of every user runs on its one thread, in one place, at some hundreds to a thousand a second at best.`,
        confidence: "medium",
        related: [
          { span: project.span(place), message: "the one object is addressed here" },
          ...(creates ? [{ span: project.span(creates.node), message: "its tables are made here" }] : []),
        ],
        subject: { class: name },
      };
    }
  },
});

interface Addresses {
  readonly names: Map<string, Node>;
  dynamic: boolean;
}

/** By which names the objects of each class are addressed, as far as it is in sight. */
function addressesOf(project: Project): ReadonlyMap<Class, Addresses> {
  const found = new Map<Class, Addresses>();
  const { apis } = project.options;
  const routers = new Set(apis.routers.map((router) => router.name));
  const naming = new Set(["idFromName", "idFromString", "newUniqueId", "getByName", ...apis.stubHelpers.map((helper) => helper.name)]);
  let routed = false;
  const of = (cls: Class): Addresses => {
    const known = found.get(cls) ?? { names: new Map<string, Node>(), dynamic: false };
    found.set(cls, known);
    return known;
  };
  for (const file of project.files)
    for (const call of file.calls) {
      const name = calleeName(call);
      if (name !== undefined && routers.has(name)) routed = true;
      if (name === undefined || !naming.has(name)) continue;
      const kind = project.kindOf(call);
      if ((kind?.kind !== "stub" && kind?.kind !== "object-id") || kind.node !== call) continue;
      const className = kind.namespace?.className;
      const [cls] = className === undefined ? [] : project.classes.byName(className, file.path);
      if (!cls || kind.from === "unknown") continue;
      const constant = kind.name ? project.constants.constantOf(kind.name)?.value : kind.kind === "stub" ? kind.defaultName : undefined;
      if (kind.from !== "name" || constant === undefined) of(cls).dynamic = true;
      else if (!of(cls).names.has(constant)) of(cls).names.set(constant, call);
    }
  // Routers take the name from the URL.
  if (routed) for (const [cls, addresses] of found) if (project.classes.knownBase(cls)?.module !== "cloudflare:workers") addresses.dynamic = true;
  return found;
}

function tablesOf(project: Project, cls: Class, uses: readonly StorageUse[]): { tables: ReadonlySet<string>; read: ReadonlySet<string> } {
  const tables = new Set(holdingsOf(project, cls).tables.map((table) => table.toLowerCase()));
  const read = new Set<string>();
  const name = (key: string): string[] => (key.startsWith("table:") ? [key.slice(6)] : []);
  for (const { node } of uses) {
    for (const table of (readOf(project, node)?.keys ?? []).flatMap(name)) {
      read.add(table);
      tables.add(table);
    }
    for (const table of (writeOf(project, node)?.keys ?? []).flatMap(name)) tables.add(table);
  }
  for (const internal of ["sqlite_master", "sqlite_schema", "pragma_table_info", "migrations", "_migrations", "schema_version"]) {
    tables.delete(internal);
    read.delete(internal);
  }
  return { tables, read };
}

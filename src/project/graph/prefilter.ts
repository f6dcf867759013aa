/**
 * Words without which a file holds no Durable Object or D1 code of its own. May let too much through, never too little.
 * Packages count by their server side only: their React hooks and clients run in a browser.
 */
const WORDS =
  /\bDurableObject(?:State|Storage|Transaction|Stub|Id|Namespace)?\b|\bD1(?:Database|PreparedStatement|QB|Dialect|Orm)\b|\bPrismaD1\b|\b(?:idFromName|idFromString|newUniqueId|getByName|withSession|setAlarm|deleteAlarm|deleteAll|acceptWebSocket|blockConcurrencyWhile|transactionSync|SqlStorage|WebSocketPair|getServerByName|getAgentByName|getSandbox|getContainer)\b|\.prepare\s*\(|\.sql\s*\.\s*exec|drizzle-orm\/(?:d1|durable-sqlite)|["'](?:partyserver|y-partyserver|y-durableobjects|itty-durable|kysely|workers-qb|d1-orm|hono-party|hono-agents|@cloudflare\/(?:agents|actors|containers|sandbox|think|ai-chat|voice))["']|["']agents(?:-sdk)?(?:\/(?:mcp|ai-chat-agent|workflows|email))?["']|readReplication|read_replication/;

/** Names of what makes queries and stubs. */
export const HELPER_NAMES = ["prepare", "idFromName", "getByName", "getServerByName", "getAgentByName", "getSandbox", "getContainer", "newUniqueId", "withSession", "PrismaClient", "Kysely", "drizzle", "D1QB", "D1Orm"];

/** Packages that make queries. */
export const BUILDER = /drizzle|kysely|prisma/i;

/** Code that other files build on: queries and stubs behind functions. Their callers may hold the loop, the name or the race. */
const HELPERS = new RegExp(`\\.prepare\\s*\\(|drizzle|kysely|\\b(?:${HELPER_NAMES.filter((name) => name !== "prepare").join("|")})\\b`);

const DECLARES = /\bexport\b|\bmodule\.exports\b|\bexports\./;

/** Whether a file's text may hold Durable Object or D1 code. */
export function isCandidate(text: string): boolean {
  return WORDS.test(text);
}

/** Whether a file offers others something that queries or addresses objects. */
export function isHelper(text: string): boolean {
  return HELPERS.test(text) && DECLARES.test(text);
}

const HELD = /\.set\(\s*["'](\w+)["']\s*,|\blocals\.(\w+)\s*=[^=]/g;

/** Names under which a file keeps things for one request: `c.set("db", …)`, `event.locals.db = …`. */
export function heldNames(text: string): readonly string[] {
  return [...text.matchAll(HELD)].flatMap(([, stored, local]) => stored ?? local ?? []);
}

/** Whether a file makes a query builder over D1, whose queries may stand where only the builder's operators are imported. */
export function usesQueryBuilder(text: string): boolean {
  return /["']drizzle-orm\/d1["']/.test(text);
}

const TAKES = /\.get\(\s*["']|\blocals\b|\bvar\b|\bctx\b|\bcontext\b/;

/**
 * Whether a file may query a database that it neither makes nor imports.
 * @param names names under which the project keeps things for one request
 * @param builds whether the project has a query builder over D1
 */
export function takesFromContext(text: string, names: RegExp | undefined, builds: boolean): boolean {
  return (builds && /["']drizzle-orm["']/.test(text)) || (names !== undefined && TAKES.test(text) && names.test(text) && /\.(?:prepare|batch|select|insert|update|delete|query)\b/.test(text));
}

/** Whether a text mentions an `env`, without which the name of a binding is just a word. */
export function namesEnv(text: string): boolean {
  return /\b(?:env|Env|ENV)\b|[Bb]indings\b|\w(?:Env|ENV|_env)\b/.test(text);
}

const SPECIFIER = /(?:\bfrom|\bimport|\brequire\s*\()\s*(?:\(\s*)?(?:\/\*[^*]*\*\/\s*)?["']([^"'\n]+)["']/g;

/** Module specifiers that a text imports, exports from, or requires. Matches in comments are harmless. */
export function scanSpecifiers(text: string): Set<string> {
  const found = new Set<string>();
  for (const match of text.matchAll(SPECIFIER)) if (match[1] !== undefined) found.add(match[1]);
  return found;
}

const TYPE_IMPORT = /\b(?:import|export)\s+type\s+(?:[\w$]+|\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*["'][^"'\n]+["']/g;

/** A text without its imports and exports of types, which lead to no code. */
export function withoutTypeImports(text: string): string {
  return text.replace(TYPE_IMPORT, "");
}

/** A pattern that finds any of the names as a word; undefined when there is none. */
export function namesPattern(names: Iterable<string>): RegExp | undefined {
  const usable = [...new Set(names)].filter((name) => /^[\w$]+$/.test(name)).sort();
  return usable.length === 0 ? undefined : new RegExp(`\\b(?:${usable.map((name) => name.replaceAll("$", "\\$")).join("|")})\\b`);
}

const EXPORTS = /\bexport(?:s\.([\w$]+)|\s*\{([^}]*)\}|\s+(default\b)?\s*(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:(?:function\s*\*?|class|const|let|var|enum)\s+([\w$]+))?)/g;

/** Names that a text exports, `default` among them, found without parsing. May name too many. */
export function exportedNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, assigned, listed, byDefault, declared] of text.matchAll(EXPORTS)) {
    if (assigned !== undefined) names.add(assigned);
    if (declared !== undefined) names.add(declared);
    if (byDefault !== undefined) names.add("default");
    for (const item of listed?.split(",") ?? []) {
      const name = /([\w$]+)\s*$/.exec(item)?.[1];
      if (name !== undefined) names.add(name);
    }
  }
  if (text.includes("module.exports")) names.add("default");
  return names;
}

const EXPORTED_TYPE = /\bexport\s+(?:declare\s+)?(?:type|interface)\s+([\w$]+)/g;

/** How a declaration may go on after its first line: indented, or with what closes or continues it. */
const REST = /^[^\n]*(?:\n(?:[ \t}&|>)][^\n]*|[ \t\r]*(?=\n)))*/;

/** Types of what runs queries: a client's own type, or what some function gives. */
export const DATABASE_TYPE = /\bReturnType\s*<\s*typeof\b|\btypeof\s+\w*(?:db|database|prisma|drizzle)\w*\s*(?:[;\n]|$)|\b(?:Drizzle\w*Database|BaseSQLiteDatabase|Kysely|PrismaClient|D1Database(?:Session)?)\b/i;

/** Names of the types and interfaces that a text exports and whose declaration `mentions` matches, found without parsing. */
export function exportedTypes(text: string, mentions: RegExp): readonly string[] {
  return [...text.matchAll(EXPORTED_TYPE)].flatMap((match) => {
    const declaration = REST.exec(text.slice(match.index + match[0].length))?.[0] ?? "";
    return match[1] !== undefined && mentions.test(declaration) ? [match[1]] : [];
  });
}

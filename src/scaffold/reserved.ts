// Names that a renamed class, variable, binding or table must not get, because the language or the platform has them already.

const JAVASCRIPT = `arguments async await break case catch class const continue debugger declare default delete do else enum eval export extends false
finally for from function get if implements import in instanceof interface is let module namespace new null number object of package private protected
public require return set static string super switch symbol boolean any unknown never this throw true try type typeof undefined var void while with yield
constructor prototype then hasOwnProperty toString valueOf name length fetch self caches crypto console performance navigator scheduler queueMicrotask
atob btoa setTimeout setInterval alarm env ctx`;

const GLOBALS = `AbortController AbortSignal Array ArrayBuffer BigInt Blob Body Boolean Buffer Cache CacheStorage Cloudflare Container Context Crypto DataView Date
Disposable Document Element Env Error Event EventSource EventTarget Exclude Exports Extract Fetcher File FormData Function Global Headers Hono Infinity
Iterator JSON Map Math MessageChannel MessageEvent MessagePort NaN Navigator NonNullable Number Object Omit Parameters Partial Performance Pick Pipeline Promise Proxy
Queue R2Bucket Readonly Record Reflect RegExp Request Required Response ReturnType Rpc Service Set Socket String SubtleCrypto Symbol TextDecoder TextEncoder
URL URLPattern URLSearchParams WebAssembly WeakMap WeakRef WeakSet WebSocket WebSocketPair Worker Workflow ExecutionContext DurableObject
DurableObjectId DurableObjectState DurableObjectStub D1Database`;

// https://www.sqlite.org/lang_keywords.html: those that cannot be a bare name, and those that can but should not.
const SQL = `abort action add after all alter always analyze and as asc attach autoincrement before begin between by cascade case cast check collate column commit
conflict constraint create cross current current_date current_time current_timestamp database default deferrable deferred delete desc detach distinct do drop each
else end escape except exclude exclusive exists explain fail filter first following for foreign from full generated glob group groups having if ignore immediate in
index indexed initially inner insert instead intersect into is isnull join key last left like limit match materialized natural no not nothing notnull null nulls of
offset on or order others outer over partition plan pragma preceding primary query raise range recursive references regexp reindex release rename replace restrict
returning right rollback row rows savepoint select set table temp temporary then ties to transaction trigger unbounded union unique update using vacuum values view
virtual when where window with without excluded rowid`;

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const RESERVED = { javascript: words(JAVASCRIPT), globals: words(GLOBALS), sql: words(SQL) };

/** Whether a token may not be a name in JavaScript, TypeScript or the Workers runtime. */
export function isReservedInCode(token: string): boolean {
  return RESERVED.javascript.has(token) || RESERVED.globals.has(token);
}

/** Whether a lower-case token may not be the name of a table or column: SQLite, D1 and objects keep some prefixes for themselves. */
export function isReservedInSql(token: string): boolean {
  return RESERVED.sql.has(token) || /^(sqlite_|_cf_|d1_)/.test(token);
}

/**
 * Words without which a file holds no Durable Object or D1 code of its own. May let too much through, never too little.
 * Names of bindings come on top.
 */
const WORDS = /DurableObject|D1Database|D1PreparedStatement|idFromName|idFromString|newUniqueId|getByName|withSession|setAlarm|deleteAll|acceptWebSocket|blockConcurrencyWhile|\.prepare\s*\(|\.sql\s*\.\s*exec|\bSqlStorage|drizzle-orm|kysely|@prisma\/|workers-qb|d1-orm|better-auth|partyserver|partykit|y-durableobjects|itty-durable|cloudflare:workers|@cloudflare\/(?:agents|actors|containers|sandbox|think|ai-chat|voice)|["'](?:hono-)?agents(?:\/|["'])|WebSocketPair|readReplication|read_replication/;

/** Whether a file's text may hold Durable Object or D1 code. `bindings` are names of namespaces and databases. */
export function isCandidate(text: string, bindings: RegExp | undefined): boolean {
  return WORDS.test(text) || (bindings?.test(text) ?? false);
}

const SPECIFIER = /(?:\bfrom|\bimport|\brequire\s*\()\s*(?:\(\s*)?(?:\/\*[^*]*\*\/\s*)?["']([^"'\n]+)["']/g;

/** Module specifiers that a text imports, exports from, or requires. Matches in comments are harmless. */
export function scanSpecifiers(text: string): Set<string> {
  const found = new Set<string>();
  for (const match of text.matchAll(SPECIFIER)) if (match[1] !== undefined) found.add(match[1]);
  return found;
}

/** Bindings of `Env` that are databases. */
type DatabaseBinding = { [Name in keyof Env]: Env[Name] extends D1Database ? Name : never }[keyof Env];

/** Which database is whose. `npm run tenant:add -- NAME` adds a line here and its binding to wrangler.jsonc. */
const TENANTS: ReadonlyMap<string, DatabaseBinding> = new Map<string, DatabaseBinding>([
  ["acme", "TENANT_ACME"],
  ["globex", "TENANT_GLOBEX"],
]);

/** The tenant's own database, or undefined when there is no such tenant. There is no way from one tenant's to another's. */
export function databaseOf(env: Env, tenant: string): D1Database | undefined {
  const binding = TENANTS.get(tenant);
  return binding === undefined ? undefined : env[binding];
}

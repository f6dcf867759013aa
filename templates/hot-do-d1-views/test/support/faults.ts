/** How often, from 0 to 1, a write to D1 is lost on its way there, and how often it is done but the answer is lost on its way back. */
export const faults = { before: 0, after: 0, injected: 0 };

/** The database, with writes of its sessions that fail at random. */
export function withFaults(db: D1Database): D1Database {
  return new Proxy(db, {
    get: (target, key) => {
      if (key === "withSession") return (constraint?: string) => faultySession(target.withSession(constraint));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function faultySession(session: D1DatabaseSession): D1DatabaseSession {
  return {
    prepare: (query) => session.prepare(query),
    getBookmark: () => session.getBookmark(),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      if (Math.random() < faults.before) throw lost("before it was done");
      const results = await session.batch<T>(statements);
      if (Math.random() < faults.after) throw lost("after it was done");
      return results;
    },
  };
}

function lost(when: string): Error {
  faults.injected++;
  return new Error(`D1_ERROR: Network connection lost, ${when}.`);
}

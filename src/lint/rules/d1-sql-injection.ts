import { defineRule } from "../rule.ts";
import { injections } from "./shared/sql-injection.ts";

// Bound values never become part of the statement. https://developers.cloudflare.com/d1/worker-api/prepared-statements/

export default defineRule({
  id: "d1-sql-injection",
  *check({ project }) {
    yield* injections(project, "d1", ({ binding }) => (binding === undefined ? {} : { database: binding }));
  },
});

import { defineRule } from "../rule.ts";
import { injections } from "./shared/sql-injection.ts";

// `exec(text, ...values)` binds what follows the text. https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#exec

export default defineRule({
  id: "do-sql-injection",
  *check({ project }) {
    yield* injections(project, "do", ({ node }) => {
      const [cls] = project.classes.ownersOf(node);
      return cls ? { class: project.classes.nameOf(cls) ?? "" } : {};
    });
  },
});

// DO migrations are an ordered record, each entry applied once and known by its tag; wrangler or the deployment refuses a record
// that contradicts itself. https://developers.cloudflare.com/durable-objects/reference/durable-object-class-migrations-legacy/
import type { Located } from "../../project/span.ts";
import { effectiveEnvironments } from "../../project/wrangler/effective.ts";
import { type ClassHistory, classHistory } from "../../project/wrangler/lifecycle.ts";
import type { ClassMigration, WranglerConfig } from "../../project/wrangler/types.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { environmentLabel, lifecycleEnvironments, lintedConfigs } from "../wrangler.ts";

export default defineRule({
  id: "wrangler-migrations",
  *check({ project }) {
    for (const config of lintedConfigs(project)) {
      for (const environment of lifecycleEnvironments(config)) {
        if (environment.kind === "top" || environment.own.migrationsKey) {
          yield* checkTags(environment.migrations);
          yield* checkCreations(classHistory({ ...environment, exports: [] }));
        }
      }
      yield* checkBindings(config);
      yield* checkBothForms(config);
    }
  },
});

function* checkTags(migrations: readonly ClassMigration[]): Generator<Report> {
  const seen = new Map<string, Located<string>>();
  for (const { tag, span } of migrations) {
    if (!tag || tag.value === "") {
      yield {
        span: tag?.span ?? { ...span, end: Math.min(span.end, span.start + 1) },
        message: "This DO migration has no tag: wrangler refuses the configuration, since the tag is how it knows which migrations a Worker has had.",
        confidence: "high",
        help: 'Give it a tag that no other entry has, such as "v1".',
        symbol: "tag.absent",
      };
      continue;
    }
    const before = seen.get(tag.value);
    if (before)
      yield {
        span: tag.span,
        message: `Tag "${tag.value}" stands twice: a Worker that has had the first entry never gets this one, and the classes in it have no namespace.`,
        confidence: "high",
        related: [{ span: before.span, message: "the first entry with this tag" }],
        help: "Give this entry a tag of its own; never change the tag of one that has been deployed.",
        symbol: `tag.${tag.value}`,
      };
    else seen.set(tag.value, tag);
  }
}

function* checkCreations(history: ClassHistory): Generator<Report> {
  for (const [name, introductions] of history.introductions) {
    let first = introductions[0];
    for (const introduction of introductions) {
      if (!introduction.again || !first) {
        first = introduction;
        continue;
      }
      const isMixed = introduction.how === "created" && first.backend !== introduction.backend && first.backend !== "unknown";
      yield {
        span: introduction.name.span,
        message:
          introduction.how === "created"
            ? `Class \`${name}\` is created ${isMixed ? "with both backends (`new_classes` and `new_sqlite_classes`): its storage cannot be changed once it exists" : "twice"}, and the deployment of the second entry fails.`
            : `Class \`${name}\` exists already when this entry ${introduction.how === "renamed" ? "renames" : "transfers"} another to it: the entry itself creates the class, and the deployment fails.`,
        confidence: "high",
        related: [{ span: first.name.span, message: `\`${name}\` is created here` }],
        subject: { class: name },
        help: introduction.how === "created" ? "Keep the entry that was deployed and take the other out; to change the backend, move to a class of another name." : "Take out the entry that creates the destination, unless it has been deployed; then choose another name.",
        symbol: `created.${name}`,
      };
    }
  }
}

function* checkBindings(config: WranglerConfig): Generator<Report> {
  const reported = new Set<string>();
  for (const environment of effectiveEnvironments(config)) {
    const { gone, live } = classHistory(environment);
    for (const binding of environment.durableObjects) {
      const name = binding.className.value;
      const departure = binding.scriptName || live.has(name) ? undefined : gone.get(name);
      const key = `${environment.name ?? ""}\n${name}`;
      if (!departure || reported.has(key)) continue;
      reported.add(key);
      const { how, to } = departure;
      yield {
        span: binding.className.span,
        message: `\`${binding.name.value}\` still binds class \`${name}\`${environment.kind === "top" ? "" : ` in ${environmentLabel(environment)}`}, which ${how === "deleted" ? "is deleted, with the data of all its objects" : how === "renamed" ? `is renamed to \`${to ?? "another"}\`` : `is transferred to the Worker \`${to ?? "named there"}\``}: the deployment is refused.`,
        confidence: "high",
        related: [{ span: departure.name.span, message: `${how} here` }],
        subject: { class: name, binding: binding.name.value },
        help: how === "renamed" && to !== undefined ? `Bind \`${to}\`.` : how === "transferred" && to !== undefined ? `Add \`script_name\` "${to}" to the binding, or take the binding out.` : "Take the binding out, or, if the class is still needed, the entry that deletes it.",
        symbol: `bound.${environment.name ?? ""}.${name}`,
      };
    }
  }
}

function* checkBothForms(config: WranglerConfig): Generator<Report> {
  const both = effectiveEnvironments(config).find(({ migrations, exports }) => migrations.length > 0 && exports.length > 0);
  const migrationsKey = both?.own.migrationsKey ?? config.top.migrationsKey;
  const exportsKey = both?.own.exportsKey ?? config.top.exportsKey;
  if (!both || !migrationsKey || !exportsKey) return;
  yield {
    span: migrationsKey,
    message: `\`migrations\` stands beside Durable Object entries in \`exports\`${both.kind === "top" ? "" : ` (${environmentLabel(both)})`}: wrangler refuses a configuration with both.`,
    confidence: "high",
    related: [{ span: exportsKey, message: "`exports` with Durable Object entries" }],
    help: "Take `migrations` out: classes from `new_sqlite_classes` become entries with `storage: \"sqlite\"`, those from `new_classes` with `storage: \"legacy-kv\"`; no data moves.",
    symbol: "both-forms",
  };
}

// The key-value backend is legacy: a deployed class keeps it for ever, and since 2026-07-09 most accounts cannot create another.
// https://developers.cloudflare.com/changelog/post/2026-07-09-restrict-new-kv-backed-namespaces/
import type { Located } from "../../project/span.ts";
import { classHistory } from "../../project/wrangler/lifecycle.ts";
import type { EffectiveEnvironment, WranglerConfig } from "../../project/wrangler/types.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { lifecycleEnvironments, lintedConfigs, nameList } from "../wrangler.ts";

const CONSEQUENCE = "A deployed class cannot be converted in place, it gets no SQL and no point-in-time recovery, and accounts without key-value namespaces can no longer create one (since 2026-07-09): their deployment fails.";

export default defineRule({
  id: "wrangler-do-kv-backend",
  *check({ project }) {
    for (const config of lintedConfigs(project.checkout))
      for (const environment of lifecycleEnvironments(config)) {
        yield* fromMigrations(config, environment);
        yield* fromExports(config, environment);
      }
  },
});

function* fromMigrations(config: WranglerConfig, environment: EffectiveEnvironment): Generator<Report> {
  if (environment.kind !== "top" && !environment.own.migrationsKey) return;
  const { live, introductions } = classHistory(environment);
  for (const migration of environment.migrations) {
    // A class created with both backends is another rule's finding.
    const isMixed = (name: string): boolean => (introductions.get(name) ?? []).some(({ backend }) => backend === "sqlite");
    const kept = migration.newClasses.filter((name) => !isMixed(name.value) && [...live.values()].some(({ origin }) => origin === name));
    const [first] = kept;
    if (!first) continue;
    const renamed = kept.flatMap((name) => [...live].filter(([today, { origin }]) => origin === name && today !== name.value).map(([today]) => ` (today \`${today}\`)`));
    yield report(first, kept, `${nameList(kept.map(({ value }) => value))}${kept.length === 1 ? (renamed[0] ?? "") : ""} ${kept.length === 1 ? "is" : "are"} created with \`new_classes\`, the legacy key-value backend. ${CONSEQUENCE}`, config.format === "typescript" ? undefined : migration.tag?.value);
  }
}

function* fromExports(_config: WranglerConfig, environment: EffectiveEnvironment): Generator<Report> {
  if (environment.kind !== "top" && !environment.own.exportsKey) return;
  for (const entry of environment.exports)
    if (entry.storage?.value === "legacy-kv" && entry.state === "created")
      yield report(entry.storage, [entry.className], `\`${entry.className.value}\` is declared with \`storage: "legacy-kv"\`, the legacy key-value backend. ${CONSEQUENCE}`, undefined);
}

function report(at: Located<string>, classes: readonly Located<string>[], message: string, tag: string | undefined): Report {
  const [only] = classes;
  return {
    span: at.span,
    message,
    confidence: "high",
    related: classes.slice(1).map((name) => ({ span: name.span, message: `\`${name.value}\` too` })),
    subject: only && classes.length === 1 ? { class: only.value } : {},
    symbol: `backend.${tag ?? ""}.${classes.map(({ value }) => value).join(",")}`,
  };
}

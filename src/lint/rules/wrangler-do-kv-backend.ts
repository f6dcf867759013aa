// The key-value backend is legacy: a deployed class keeps it for ever, and since 2026-07-09 most accounts cannot create another.
// https://developers.cloudflare.com/changelog/post/2026-07-09-restrict-new-kv-backed-namespaces/
import { baseOf } from "../../paths.ts";
import type { Located } from "../../project/span.ts";
import { classHistory } from "../../project/wrangler/lifecycle.ts";
import type { EffectiveEnvironment } from "../../project/wrangler/types.ts";
import type { Report } from "../finding.ts";
import { factText } from "../facts.ts";
import { defineRule } from "../rule.ts";
import { lifecycleEnvironments, lintedConfigs, nameList } from "../wrangler.ts";

function consequence(): string {
  const since = factText("do-mig-kv-restricted");
  return `A deployed class cannot be converted in place, it gets no SQL and no point-in-time recovery, and accounts without key-value namespaces can no longer create one (since ${since}): their deployment fails.`;
}

export default defineRule({
  id: "wrangler-do-kv-backend",
  *check({ project }) {
    const groups = new Map<string, Creation[]>();
    for (const config of lintedConfigs(project))
      for (const environment of lifecycleEnvironments(config))
        for (const creation of [...fromMigrations(environment), ...fromExports(environment)]) {
          // Variants of one configuration (`wrangler.staging.toml`) and environments repeat the record of one Worker.
          const key = [config.dir, creation.how, creation.tag ?? "", ...creation.classes.map(({ value }) => value)].join("\n");
          groups.set(key, [...(groups.get(key) ?? []), { ...creation, isDefault: /^(?:wrangler\.|cloudflare\.config\.)\w+$/.test(baseOf(config.file)) }]);
        }
    for (const group of groups.values()) yield* reportFor(group.sort((a, b) => Number(b.isDefault) - Number(a.isDefault)));
  },
});

/** One entry that creates classes on the key-value backend. */
interface Creation {
  readonly how: string;
  readonly tag: string | undefined;
  readonly classes: readonly Located<string>[];
  /** Where to point. */
  readonly at: Located<string>;
  /** The name that the class has today, when it was renamed since. */
  readonly today?: string;
  readonly isDefault?: boolean;
}

function* fromMigrations(environment: EffectiveEnvironment): Generator<Creation> {
  if (environment.kind !== "top" && !environment.own.migrationsKey) return;
  const { live, introductions } = classHistory(environment);
  for (const migration of environment.migrations) {
    // A class created with both backends is another rule's finding.
    const isMixed = (name: string): boolean => (introductions.get(name) ?? []).some(({ backend }) => backend === "sqlite");
    const classes = migration.newClasses.filter((name) => !isMixed(name.value) && [...live.values()].some(({ origin }) => origin === name));
    const [first] = classes;
    if (!first) continue;
    const today = classes.length === 1 ? [...live].find(([, { origin }]) => origin === first)?.[0] : undefined;
    yield { how: "`new_classes`", tag: migration.tag?.value, classes, at: first, ...(today === undefined || today === first.value ? {} : { today }) };
  }
}

function* fromExports(environment: EffectiveEnvironment): Generator<Creation> {
  if (environment.kind !== "top" && !environment.own.exportsKey) return;
  for (const { storage, state, className } of environment.exports)
    if (storage?.value === "legacy-kv" && state === "created") yield { how: '`storage: "legacy-kv"`', tag: undefined, classes: [className], at: storage };
}

function* reportFor([first, ...others]: readonly Creation[]): Generator<Report> {
  const only = first?.classes[0];
  if (!first || !only) return;
  const names = `${nameList(first.classes.map(({ value }) => value))}${first.today === undefined ? "" : ` (today \`${first.today}\`)`}`;
  yield {
    span: first.at.span,
    message: `${names} ${first.classes.length === 1 ? "is" : "are"} created with ${first.how}, the legacy key-value backend. ${consequence()}`,
    confidence: "high",
    related: [...first.classes.slice(1).map((name) => ({ span: name.span, message: `\`${name.value}\` too` })), ...others.map(({ at }) => ({ span: at.span, message: "repeated here" }))],
    subject: first.classes.length === 1 ? { class: only.value } : {},
    symbol: `backend.${first.tag ?? ""}.${first.classes.map(({ value }) => value).join(",")}`,
  };
}

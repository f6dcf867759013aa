// An environment bound to production's database reads and writes production's rows; its migrations change production's schema.
// https://developers.cloudflare.com/d1/configuration/environments/
import type { Located } from "../../project/span.ts";
import type { Checkout } from "../../project/discover/types.ts";
import { baseOf } from "../../paths.ts";
import { effectiveEnvironments } from "../../project/wrangler/effective.ts";
import { isPlaceholder } from "../../project/wrangler/placeholder.ts";
import type { D1Binding, EffectiveEnvironment, WranglerConfig } from "../../project/wrangler/types.ts";
import { isDeployed, isLocalName, isProductionName } from "../deployments.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { environmentLabel, lintedConfigs, sentence } from "../wrangler.ts";

export default defineRule({
  id: "wrangler-shared-database",
  *check({ project }) {
    const { checkout } = project;
    const configs = lintedConfigs(project).filter((config) => config.role === "primary");
    for (const config of configs) {
      yield* checkEnvironments(checkout, config);
      yield* checkPreviewIds(config);
      yield* checkSibling(config, configs);
    }
  },
});

const UUID = /^[\da-f]{8}(?:-?[\da-f]{4}){3}-?[\da-f]{12}$/i;

/** Names of Workers (at their end) and of databases that belong to another stage than production. */
const STAGE = "(?:staging|stage|stg|dev|development|test|testing|previews?|qa|uat|sandbox|local)";
const OTHER_WORKER = new RegExp(`[-_.]${STAGE}$`, "i");
const OTHER_DATABASE = new RegExp(`(?:^|[-_.])${STAGE}(?:$|[-_.])`, "i");

/** A database with the id that it really has. */
interface Database {
  readonly binding: D1Binding;
  readonly id: Located<string>;
}

function databases(environment: Pick<EffectiveEnvironment, "d1">): Database[] {
  return environment.d1.flatMap((binding) => (binding.databaseId && UUID.test(binding.databaseId.value) && !isPlaceholder(binding.databaseId.value) ? [{ binding, id: binding.databaseId }] : []));
}

/** A database that the public is served from. */
interface ProductionDatabase extends Database {
  readonly environment: EffectiveEnvironment;
}

/**
 * The databases of the environments named for production; where there are none, those of the top level, unless the Worker or
 * the database is named for another stage: many keep development there.
 */
function productionDatabases(config: WranglerConfig): ProductionDatabase[] {
  const all = effectiveEnvironments(config);
  const named = all.filter(isNamedProduction);
  const serving = named.length > 0 ? named : all.filter(({ kind }) => kind === "top" && !OTHER_WORKER.test(config.top.workerName?.value ?? ""));
  return serving.flatMap((environment) => databases(environment).filter(({ binding }) => named.length > 0 || !OTHER_DATABASE.test(binding.databaseName?.value ?? "")).map((database) => ({ ...database, environment })));
}

function isNamedProduction({ kind, name }: EffectiveEnvironment): boolean {
  return kind === "named" && name !== undefined && isProductionName(name);
}

function* checkEnvironments(checkout: Checkout, config: WranglerConfig): Generator<Report> {
  const production = productionDatabases(config);
  for (const environment of effectiveEnvironments(config)) {
    if (environment.kind === "top" || isNamedProduction(environment)) continue;
    // What only ever runs on a developer's machine has a database of its own there, whatever the id says.
    if (environment.kind === "named" && isLocalName(environment.own.name ?? "") && !environment.own.deploys && !isDeployed(checkout, config, environment.own.name ?? "")) continue;
    for (const own of databases(environment)) {
      const shared = production.find(({ id }) => id.value === own.id.value);
      if (shared) yield reportFor(own, shared, sentence(environmentLabel(environment)), environmentLabel(shared.environment), "high", environment.name ?? "");
    }
  }
}

function reportFor(own: Database, production: Database, label: string, productionLabel: string, confidence: Report["confidence"], symbol: string): Report {
  const name = own.binding.databaseName?.value;
  return {
    span: own.id.span,
    message: `${label} binds \`${own.binding.binding.value}\` to the database${name === undefined ? "" : ` "${name}"`} of production (${productionLabel}): what is tried out there reads, changes and migrates production's data.`,
    confidence,
    related: [{ span: production.id.span, message: "the same `database_id` in production" }],
    subject: { binding: own.binding.binding.value, ...(name === undefined ? {} : { database: name }) },
    symbol: `shared.${symbol}.${own.binding.binding.value}`,
  };
}

/** `wrangler dev --remote` uses `preview_database_id` so that production is left alone. */
function* checkPreviewIds(config: WranglerConfig): Generator<Report> {
  for (const { binding, id, environment } of productionDatabases(config)) {
    if (binding.previewDatabaseId?.value !== id.value) continue;
    yield {
      span: binding.previewDatabaseId.span,
      message: `\`preview_database_id\` of \`${binding.binding.value}\` is its \`database_id\`: remote development runs on production's rows.`,
      confidence: "high",
      related: [{ span: id.span, message: "the same id" }],
      subject: { binding: binding.binding.value },
      help: "Create a database for previews and give its id, or leave the key out and develop locally.",
      symbol: `preview.${environment.name ?? ""}.${binding.binding.value}`,
    };
  }
}

/** `wrangler.staging.jsonc` beside `wrangler.jsonc` is an environment in a file of its own. */
function* checkSibling(config: WranglerConfig, configs: readonly WranglerConfig[]): Generator<Report> {
  const name = /^wrangler[._-]([\w-]+)\.(?:jsonc?|toml)$/.exec(baseOf(config.file))?.[1];
  if (name === undefined || !/^(?:stag\w*|preview\w*|qa|uat|beta|canary|preprod|pre-prod)$/i.test(name)) return;
  const siblings = configs.filter((other) => other.dir === config.dir && other !== config);
  const production = siblings.find((other) => /^wrangler[._-](?:prod|production|live)\./.test(baseOf(other.file))) ?? siblings.find((other) => /^wrangler\.(?:jsonc?|toml)$/.test(baseOf(other.file)));
  if (!production) return;
  for (const own of databases(config.top)) {
    const shared = productionDatabases(production).find(({ id }) => id.value === own.id.value);
    if (shared) yield reportFor(own, shared, config.file, production.file, "medium", name);
  }
}

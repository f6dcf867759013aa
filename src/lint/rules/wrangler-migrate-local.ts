// Since wrangler 3.33 `wrangler d1 migrations apply` and `d1 execute` work on the local database unless given `--remote`.
// https://developers.cloudflare.com/d1/platform/release-notes/
import { baseOf } from "../../paths.ts";
import { liesInTestFolder } from "../../project/discover/names.ts";
import type { Checkout, PackageInfo } from "../../project/discover/types.ts";
import type { Span } from "../../project/span.ts";
import { parseJsonc } from "../../project/wrangler/jsonc.ts";
import { entryOf, nodeAt } from "../../project/wrangler/node.ts";
import { type D1Command, d1Commands, remoteByDefault, wranglerRange } from "../d1-commands.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { type Job, workflowJobs } from "../workflows.ts";

export default defineRule({
  id: "wrangler-migrate-local",
  *check({ project }) {
    const { checkout } = project;
    const jobs = checkout.others.filter((file) => /\.ya?ml$/.test(file)).flatMap((file) => workflowJobs(file, checkout.read(file) ?? ""));
    // Packages among fixtures are nothing that anybody deploys, unless their folder was asked for.
    const isFixture = (file: string): boolean => !project.options.includeTests && checkout.isAsked("") && liesInTestFolder(file);
    for (const info of checkout.packages) if (!isFixture(info.file)) yield* checkPackage(checkout, info, jobs);
    for (const job of jobs) yield* checkJob(checkout, job);
  },
});

const DEPLOYS = /\bwrangler(?:@\S+)?\s+(?:\S+\s+)*?(?:pages\s+(?:deploy|publish)|deploy|publish|versions\s+upload)\b/;
const DEPLOY_NAME = /(?:^|[:_.\-/\s])(?:(?:pre|post)?(?:deploy\w*|release|publish)|ship|prod|production|live|staging|remote)(?=$|[:_.\-/\s])/i;
const LOCAL_NAME = /(?:^|[:_.\-/\s])(?:(?:pre|post)?(?:dev|start|test|install)|local\w*|develop\w*|tests|e2e|unit|integration|vitest|playwright|seed\w*|reset|setup|preview|mock\w*|fixtures?|ci|prepare|check|lint|init|bootstrap|watch)(?=$|[:_.\-/\s])/i;
const MIGRATE_NAME = /migrat/i;

/** Why a command counts as part of a deployment. */
interface Reason {
  readonly text: string;
  readonly confidence: Report["confidence"];
  readonly place?: Span;
}

function* checkPackage(checkout: Checkout, info: PackageInfo, jobs: readonly Job[]): Generator<Report> {
  for (const [name, script] of info.scripts) {
    const commands = d1Commands(script).filter(({ target, version }) => (target === "default" || (target === "local" && DEPLOYS.test(script))) && !remoteByDefault(version ?? wranglerRange(checkout, info.dir)));
    const [command] = commands;
    const reason = command && whyDeploying(checkout, info, name, script, command, jobs);
    if (!command || !reason) continue;
    const span = scriptSpan(info, name);
    yield report(span, command, `Script \`${name}\` (${reason.text})`, reason, `script.${name}`, commandEnd(info, name, script, command));
  }
}

function whyDeploying(checkout: Checkout, info: PackageInfo, name: string, script: string, command: D1Command, jobs: readonly Job[]): Reason | undefined {
  if (DEPLOYS.test(script)) return { text: "it also deploys the Worker", confidence: "high" };
  if (command.target === "local" || (isRemoteTwin(script) && !DEPLOY_NAME.test(name))) return undefined;
  // `db:init` beside `db:init:local` is meant for the other database, whatever it is called.
  const isLocal = LOCAL_NAME.test(name) && ![...info.scripts].some(([other, text]) => /local/i.test(other) && other.replace(/[:_.-]?local\w*/i, "") === name && d1Commands(text).some(({ target }) => target === "local"));
  if (DEPLOY_NAME.test(name) && !isLocal) return { text: "named for deployment", confidence: "high" };
  const callers = [...info.scripts].filter(([other, text]) => other !== name && calls(text, name));
  const deploying = callers.find(([other, text]) => !LOCAL_NAME.test(other) && (DEPLOYS.test(text) || DEPLOY_NAME.test(other)) && !passesRemote(text, name));
  if (deploying) return { text: `run by \`${deploying[0]}\``, confidence: "high", place: scriptSpan(info, deploying[0]) };
  const job = jobs.find((job) => isDeploying(job) && calls(job.text, name) && !passesRemote(job.text, name) && isFor(job, info));
  if (job) return { text: `run by the job \`${job.id}\` of ${job.file}`, confidence: "high", place: job.span };
  if (isLocal || !(MIGRATE_NAME.test(name) || LOCAL_NAME.test(name))) return undefined;
  if (isSaidToDeploy(checkout, info, name)) return { text: "its README gives it for production", confidence: "high" };
  // A bare `db:migrate` with nothing beside it for the remote database is what people run to deploy.
  const usedLocally = callers.some(([other]) => LOCAL_NAME.test(other)) || jobs.some((job) => calls(job.text, name) && !isDeploying(job));
  const hasTwin = [...info.scripts].some(([other, text]) => other !== name && (isRemoteTwin(text) || passesRemote(text, name)));
  const isGivenRemote = jobs.some((job) => passesRemote(job.text, name)) || checkout.others.some((file) => /\.(?:sh|bash)$/.test(file) && passesRemote(checkout.read(file) ?? "", name));
  const isDocumented = readmesOf(checkout, info.dir).some((text) => passesRemote(text, name) || isRemoteTwin(text));
  // Beside a script for local use the bare one is meant for the other database; a job that tests against a database of its own does not change that.
  const hasLocalTwin = [...info.scripts].some(([other, text]) => other !== name && /local/i.test(other) && d1Commands(text).some(({ target }) => target === "local"));
  const isDoneElsewhere = jobs.some((job) => (!hasLocalTwin || isDeploying(job)) && isRemoteTwin(job.text, true));
  return usedLocally || hasTwin || isGivenRemote || isDoneElsewhere || isDocumented ? undefined : { text: "nothing beside it migrates the remote database", confidence: "medium" };
}

function* checkJob(checkout: Checkout, job: Job): Generator<Report> {
  if (!isDeploying(job)) return;
  const commands = d1Commands(job.text, true);
  if (commands.some(({ target }) => target === "remote")) return;
  for (const command of commands) {
    const range = command.version ?? job.wranglerVersion ?? wranglerRange(checkout, job.folder ?? "");
    if (command.target !== "default" || remoteByDefault(range)) continue;
    const span = { file: job.file, start: job.span.start + command.start, end: job.span.start + command.end };
    yield report(span, command, `Job \`${job.id}\` of ${baseOf(job.file)}`, { text: "", confidence: "high" }, `job.${job.id}`, span.end);
  }
}

function report(span: Span, command: D1Command, where: string, reason: Reason, symbol: string, end: number | undefined): Report {
  return {
    span,
    message: `${where} runs \`wrangler ${shorten(command.text)}\` ${command.target === "local" ? "with `--local`" : "without `--remote`"}: that changes a throw-away local database, and the deployed Worker meets a schema that was never migrated.`,
    confidence: reason.confidence,
    ...(reason.place ? { related: [{ span: reason.place, message: "run from here" }] } : {}),
    symbol,
    ...(end === undefined || command.target === "local" ? {} : { suggestion: { description: "migrate the deployed database", edits: [{ span: { file: span.file, start: end, end }, text: " --remote" }] } }),
  };
}

/** Where the command ends in package.json; undefined when the script's text is written with escapes, which move its places. */
function commandEnd(info: PackageInfo, name: string, script: string, command: D1Command): number | undefined {
  const { start, end } = scriptSpan(info, name);
  const at = info.text.slice(start, end).lastIndexOf(`"${script}"`);
  return at < 0 ? undefined : start + at + 1 + command.end;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A deploying job: named for it, or running a deployment; a job that tests is none. */
function isDeploying(job: Job): boolean {
  const title = `${job.id} ${job.name}`;
  if (DEPLOY_NAME.test(title)) return !/(?:^|[\s:_-])(?:test|tests|e2e)(?=$|[\s:_-])/i.test(title);
  if (LOCAL_NAME.test(title)) return false;
  return DEPLOYS.test(job.text) || /\bcommand:\s*["']?(?:pages\s+)?(?:deploy|publish)\b/.test(job.text) || /\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?deploy\b/.test(job.text) || (DEPLOY_NAME.test(baseOf(job.file)) && !/\b(?:vitest|playwright|jest)\b/.test(job.text));
}

/** A job in a folder of its own runs that folder's scripts. */
function isFor(job: Job, info: PackageInfo): boolean {
  return job.folder === undefined ? info.dir === "" : job.folder === info.dir;
}

function isRemoteTwin(text: string, inAction = false): boolean {
  return d1Commands(text, inAction).some(({ target }) => target === "remote" || target === "unknown");
}

/** The runs of a package script in a shell text, with what follows on the line. */
function runsOf(text: string, name: string): string[] {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`\\b(?:(?:npm|pnpm|yarn|bun)\\s+(?:-\\S+\\s+(?:[^-\\s]\\S*\\s+)?)*?(?:run(?:-script)?\\s+)?|npm-run-all\\s+(?:\\S+\\s+)*?|run-[sp]\\s+(?:\\S+\\s+)*?)${escaped}(?![\\w:.-])([^&|;\\n]*)`, "g");
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

function calls(text: string, name: string): boolean {
  return runsOf(text, name).length > 0;
}

function passesRemote(text: string, name: string): boolean {
  return runsOf(text, name).some((rest) => /--remote\b/.test(rest));
}

/** What the project tells people to type: `pnpm db:migrate --remote`. */
function readmesOf(checkout: Checkout, dir: string): string[] {
  const folders = dir === "" ? [""] : ["", `${dir}/`];
  return folders.flatMap((folder) => ["README.md", "readme.md", "Readme.md"].flatMap((name) => checkout.read(folder + name) ?? []));
}

/** `npm run db:migrate` in the package's own README, on a line that speaks of production. */
function isSaidToDeploy(checkout: Checkout, info: PackageInfo, name: string): boolean {
  const [readme] = ["README.md", "readme.md", "Readme.md"].flatMap((file) => checkout.read(info.dir === "" ? file : `${info.dir}/${file}`) ?? []);
  return (readme ?? "").split("\n").some((line) => /\b(?:production|remote|deployed|live)\b/i.test(line) && !/\blocal\b|--remote/i.test(line) && calls(line, name));
}

function scriptSpan(info: PackageInfo, name: string): Span {
  const entry = entryOf(nodeAt(parseJsonc(info.file, info.text).root, "scripts"), name);
  return entry ? { file: info.file, start: entry.keySpan.start, end: entry.value.span.end } : { file: info.file, start: 0, end: 0 };
}

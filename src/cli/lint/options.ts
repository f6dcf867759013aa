import { UserError } from "../../errors.ts";
import { SEVERITIES, type Profile, type Severity } from "../../lint/finding.ts";
import type { Rating } from "../../lint/config/configuration.ts";
import { didYouMean } from "../../nearest.ts";
import { FORMATS, type Format } from "../../report/report.ts";

/** One report to write. Without a file it goes to standard output. */
export interface OutputRequest {
  readonly format: Format;
  readonly file: string | undefined;
}

/** Options as commander gives them. */
export interface RawLintOptions {
  /** `--format` and `--output` in the order in which they were given. */
  readonly outputs: readonly { readonly option: "format" | "output"; readonly value: string }[];
  readonly config?: string;
  readonly profile?: string;
  readonly rule?: readonly string[];
  readonly only?: readonly string[];
  readonly fix?: boolean;
  readonly fixDryRun?: boolean;
  readonly baseline?: string;
  readonly updateBaseline?: boolean;
  readonly since?: string;
  readonly failOn?: string;
  readonly includeTests?: boolean;
  readonly cache?: boolean;
  readonly statistics?: boolean;
  readonly stdin?: boolean;
  readonly stdinFilename?: string;
  readonly listRules?: boolean;
  readonly color?: boolean;
}

export type FailOn = Severity | "never";
/** What `--fail-on` may be. */
export const FAIL_ON: readonly FailOn[] = [...SEVERITIES, "never"];
/** What `--profile` may be. */
export const PROFILES: readonly Profile[] = ["recommended", "strict"];
const RATINGS: readonly Rating[] = ["off", "info", "warning", "error"];

/** What the user asked for, checked. */
export interface LintRequest {
  readonly paths: readonly string[];
  readonly outputs: readonly OutputRequest[];
  readonly config: string | undefined;
  readonly profile: Profile | undefined;
  readonly ratings: ReadonlyMap<string, Rating>;
  readonly only: ReadonlySet<string> | undefined;
  readonly fix: "off" | "write" | "show";
  readonly baseline: string | undefined;
  readonly updateBaseline: boolean;
  readonly since: string | undefined;
  readonly failOn: FailOn;
  readonly includeTests: boolean;
  readonly cache: boolean;
  readonly statistics: boolean;
  /** The name that standard input is linted under. */
  readonly stdinFilename: string | undefined;
}

/**
 * Checks the options of `lint`.
 * @throws UserError that names the option, the value and the nearest valid one
 */
export function readLintOptions(paths: readonly string[], raw: RawLintOptions, ruleIds: readonly string[]): LintRequest {
  if (raw.stdin && raw.stdinFilename === undefined) throw new UserError("--stdin needs --stdin-filename, the path that the text is linted under");
  if (raw.stdin && paths.length > 0) throw new UserError("--stdin takes no paths", { hint: "Say which file it is with --stdin-filename." });
  if (raw.stdin && (raw.fix || raw.updateBaseline || raw.since !== undefined)) throw new UserError(`--stdin does not go together with ${raw.fix ? "--fix" : raw.updateBaseline ? "--update-baseline" : "--since"}`);
  if (raw.updateBaseline && raw.since !== undefined) throw new UserError("--update-baseline does not go together with --since: findings in unchanged files would be lost");
  return {
    paths: paths.length > 0 ? paths : ["."],
    outputs: pairOutputs(raw.outputs),
    config: raw.config,
    profile: raw.profile === undefined ? undefined : oneOf("--profile", raw.profile, PROFILES),
    ratings: new Map(words("--rule", raw.rule ?? []).map((word) => readRating(word, ruleIds))),
    only: raw.only === undefined ? undefined : new Set(words("--only", raw.only).map((id) => oneOf("--only", id, ruleIds, "rule"))),
    fix: raw.fixDryRun ? "show" : raw.fix ? "write" : "off",
    baseline: raw.baseline,
    updateBaseline: raw.updateBaseline ?? false,
    since: raw.since,
    failOn: raw.failOn === undefined ? "warning" : oneOf("--fail-on", raw.failOn, FAIL_ON),
    includeTests: raw.includeTests ?? false,
    cache: raw.cache ?? true,
    statistics: raw.statistics ?? false,
    stdinFilename: raw.stdin ? raw.stdinFilename : undefined,
  };
}

/** An `--output` belongs to the `--format` before it; one that comes first belongs to the first format. */
function pairOutputs(given: RawLintOptions["outputs"]): OutputRequest[] {
  const pairs: { format: Format | undefined; file: string | undefined }[] = [];
  for (const { option, value } of given) {
    const last = pairs.at(-1);
    if (option === "format") {
      const format = oneOf("--format", value, FORMATS, "format");
      if (last && last.format === undefined) last.format = format;
      else pairs.push({ format, file: undefined });
    } else if (last && last.file === undefined) last.file = value;
    else if (last) throw new UserError(`--output ${value}: there is no --format for it`, { hint: "Give each --output after its --format, as in --format sarif --output lint.sarif." });
    else pairs.push({ format: undefined, file: value });
  }
  const outputs = pairs.map(({ format, file }): OutputRequest => ({ format: format ?? formatByName(file), file: file === "-" ? undefined : file }));
  const toStdout = outputs.filter(({ file }) => file === undefined).map(({ format }) => format);
  if (toStdout.length > 1) throw new UserError(`the formats ${toStdout.join(" and ")} would both go to standard output`, { hint: "Follow all but one with --output FILE." });
  const twice = outputs.find(({ file }, at) => file !== undefined && outputs.findIndex((other) => other.file === file) !== at);
  if (twice) throw new UserError(`two formats would be written to ${twice.file ?? ""}`);
  return outputs.length > 0 ? outputs : [{ format: "pretty", file: undefined }];
}

/** The format that a file's ending asks for when no `--format` does. */
function formatByName(file: string | undefined): Format {
  const ending = /\.(json|sarif|xml|md)$/.exec(file ?? "")?.[1];
  return ending === "json" ? "json" : ending === "sarif" ? "sarif" : ending === "xml" ? "junit" : ending === "md" ? "markdown" : "pretty";
}

function readRating(word: string, ruleIds: readonly string[]): [string, Rating] {
  const at = word.indexOf("=");
  if (at < 0) throw new UserError(`--rule ${word}: should be id=severity`, { hint: `For example --rule ${ruleIds.includes(word) ? word : "do-singleton"}=error.` });
  return [oneOf("--rule", word.slice(0, at), ruleIds, "rule"), oneOf("--rule", word.slice(at + 1), RATINGS, "severity")];
}

/** The words of lists with commas. An empty list is a mistake: a shell variable that is not set, say, would turn every rule off. */
function words(option: string, lists: readonly string[]): string[] {
  return lists.flatMap((list) => {
    const found = list.split(/[\s,]+/).filter((word) => word !== "");
    if (found.length === 0) throw new UserError(`${option}: names no rule`, { hint: "`do-or-d1 lint --list-rules` lists the rules." });
    return found;
  });
}

function oneOf<T extends string>(option: string, value: string, valid: readonly T[], noun = "value"): T {
  const found = valid.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const hint = noun === "rule" ? "`do-or-d1 lint --list-rules` lists the rules." : `Valid: ${valid.join(", ")}.`;
  throw new UserError(`${option}: unknown ${noun} "${value}"${didYouMean(value, valid)}`, { hint });
}

import { describe, expect, it } from "vitest";
import { exitStatusOf } from "../../src/cli/lint/exit-status.ts";
import { type RawLintOptions, readLintOptions } from "../../src/cli/lint/options.ts";
import type { UserError } from "../../src/errors.ts";
import { FINDINGS, resultsOf } from "../helpers/results.ts";

const IDS = ["do-timer", "do-singleton"];
const read = (raw: Partial<RawLintOptions>, paths: readonly string[] = []) => readLintOptions(paths, { outputs: [], ...raw }, IDS);
const outputs = (...words: readonly string[]) =>
  read({ outputs: words.map((word) => (word.startsWith(">") ? { option: "output" as const, value: word.slice(1) } : { option: "format" as const, value: word })) }).outputs.map(
    ({ format, file }) => `${format}${file === undefined ? "" : ` ${file}`}`,
  );

function mistake(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as UserError).message;
  }
  return "none";
}

describe("formats and outputs", () => {
  it.each([
    [[], ["pretty"]],
    [["json"], ["json"]],
    [["pretty", "sarif", ">lint.sarif"], ["pretty", "sarif lint.sarif"]],
    [["sarif", ">lint.sarif", "pretty"], ["sarif lint.sarif", "pretty"]],
    [["json", ">a", "junit", ">b", "github"], ["json a", "junit b", "github"]],
    [[">a.sarif"], ["sarif a.sarif"]],
    [[">report.xml"], ["junit report.xml"]],
    [[">a", "json"], ["json a"]],
    [["json", ">-"], ["json"]],
  ])("%j gives %j", (words, expected) => {
    expect(outputs(...words)).toEqual(expected);
  });

  it.each([
    [["pretty", "json"], "the formats pretty and json would both go to standard output"],
    [["json", ">a", ">b"], "--output b: there is no --format for it"],
    [["json", ">a", "sarif", ">a"], "two formats would be written to a"],
    [["jsno"], '--format: unknown format "jsno" (did you mean "json"?)'],
  ])("%j is refused: %s", (words, message) => {
    expect(mistake(() => outputs(...words))).toBe(message);
  });
});

describe("wrong options are named with the nearest valid one", () => {
  it.each<[Partial<RawLintOptions>, string]>([
    [{ profile: "stritc" }, '--profile: unknown value "stritc" (did you mean "strict"?)'],
    [{ failOn: "warnings" }, '--fail-on: unknown value "warnings" (did you mean "warning"?)'],
    [{ only: ["do-timer,do-singelton"] }, '--only: unknown rule "do-singelton" (did you mean "do-singleton"?)'],
    [{ rule: ["do-tmer=off"] }, '--rule: unknown rule "do-tmer" (did you mean "do-timer"?)'],
    [{ rule: ["do-timer=of"] }, '--rule: unknown severity "of" (did you mean "off"?)'],
    [{ only: [""] }, "--only: names no rule"],
    [{ rule: [","] }, "--rule: names no rule"],
    [{ rule: ["do-timer"] }, "--rule do-timer: should be id=severity"],
    [{ stdin: true }, "--stdin needs --stdin-filename, the path that the text is linted under"],
    [{ stdin: true, stdinFilename: "a.ts", fix: true }, "--stdin does not go together with --fix"],
    [{ updateBaseline: true, since: "main" }, "--update-baseline does not go together with --since: findings in unchanged files would be lost"],
  ])("%j", (raw, message) => {
    expect(mistake(() => read(raw))).toBe(message);
  });

  it("reads lists with commas and repetitions", () => {
    const { only, ratings, paths } = read({ only: ["do-timer, do-singleton"], rule: ["do-timer=off", "do-singleton=error"] });
    expect([...(only ?? [])]).toEqual(IDS);
    expect(ratings).toEqual(new Map([["do-timer", "off"], ["do-singleton", "error"]]));
    expect(paths).toEqual(["."]);
  });
});

describe("the exit status", () => {
  const [warning] = FINDINGS;
  const findings = warning ? [warning] : [];
  const unreadable = { file: "a.ts", message: "syntax error" };

  it.each([
    ["nothing found", {}, "warning", 0],
    ["a warning at the default threshold", { findings }, "warning", 1],
    ["a warning below the threshold", { findings }, "error", 0],
    ["a warning above the threshold", { findings }, "info", 1],
    ["a finding that never fails", { findings }, "never", 0],
    ["suppressed and baselined findings", { baselined: findings }, "info", 0],
    ["an input that could not be read, whatever was found", { findings, diagnostics: [unreadable] }, "warning", 2],
    ["a file left out on purpose", { diagnostics: [{ ...unreadable, leftOut: true as const }] }, "warning", 0],
    ["our own error, before all else", { findings, diagnostics: [unreadable, { ...unreadable, internal: "stack" }] }, "never", 3],
  ] as const)("%s", (_name, part, failOn, status) => {
    expect(exitStatusOf(resultsOf(part), failOn)).toBe(status);
  });
});

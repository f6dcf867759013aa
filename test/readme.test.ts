// Every command in the README is run and its output compared; tables come from the rule documents. Write it anew with `vitest -u`.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseConfiguration } from "../src/lint/config/configuration.ts";
import { ruleDocuments } from "../src/lint/documents.ts";
import { readSuppressions } from "../src/lint/findings/suppressions.ts";
import { parseSource } from "../src/project/parse/parse.ts";
import { cli } from "./helpers/cli.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${root}/README.md`, "utf8");
const ids = [...ruleDocuments().keys()];

/** What a shell would print for a command of the README: the last part of `npm ci && npx do-or-d1 …`. */
async function outputOf(command: string): Promise<string> {
  const argv = /(?:^|&& )npx do-or-d1 (.+)$/.exec(command)?.[1]?.split(" ");
  if (!argv) throw new Error(`cannot run ${command}`);
  const { stdout, status } = await cli(root, argv);
  expect(status, command).toBeLessThan(2);
  return stdout.trimEnd();
}

/** The README with the output of its commands, and its table of rules, as they are today. */
async function refreshed(): Promise<string> {
  let text = readme;
  for (const [block, command = ""] of readme.matchAll(/```console\n\$ (.+)\n[\s\S]*?```/g)) {
    const output = await outputOf(command);
    text = text.replace(block, () => `\`\`\`console\n$ ${command}\n${output}\n\`\`\``);
  }
  const rows = [...ruleDocuments().values()].map(({ id, severity, profile, summary, docs }) => `| [\`${id}\`](${docs}) | ${severity}, ${profile} | ${summary.trim().replaceAll("|", "\\|")} |`);
  return text.replace(/<!-- rules -->[\s\S]*?<!-- \/rules -->/, () => `<!-- rules -->\n${rows.join("\n")}\n<!-- /rules -->`);
}

const blocks = (language: string): string[] => [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1] ?? "");

describe("the README", () => {
  it("shows what its commands really print, and every rule", async () => {
    await expect(await refreshed()).toMatchFileSnapshot("../README.md");
  });

  it("starts with the two commands, the second of which is the one that CI runs", () => {
    const commands = [...readme.matchAll(/^(?:\$ )?(npm .+)$/gm)].map((match) => match[1]);
    expect(commands.slice(0, 2)).toEqual(["npm ci && npx do-or-d1 lint test/projects/chat-with-mistakes", "npm test"]);
    expect(readFileSync(`${root}/.ci/run`, "utf8")).toContain('tests "tests" npm test\n');
  });

  it("has a configuration that is valid", () => {
    const [example = ""] = blocks("yaml").filter((block) => block.includes("singletons:"));
    const configuration = parseConfiguration(example, "do-or-d1.yaml", "", ids);
    expect(configuration).toMatchObject({ profile: "recommended", baseline: "do-or-d1.baseline.json" });
  });

  it("has suppressions that are valid", () => {
    const [text = ""] = blocks("ts");
    const parsed = parseSource("a.ts", text, false);
    if (!("comments" in parsed)) throw new Error(parsed.message);
    const comments = parsed.comments.map(({ start, end, value }) => ({ span: { file: "a.ts", start, end }, text: value, textStart: start + 2 }));
    const found = readSuppressions(text, comments, ids);
    expect(found.map(({ scope }) => scope)).toEqual(["next-line", "line", "file"]);
    expect(found.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined]);
  });

  it("has a workflow whose command is valid", async () => {
    const [workflow = ""] = blocks("yaml").filter((block) => block.includes("steps:"));
    const { steps } = parse(workflow) as { steps: readonly { run?: string }[] };
    const argv = steps.flatMap(({ run }) => run ?? []).join().replace("npx do-or-d1 ", "").replace("do-or-d1.sarif", "/dev/null").split(" ");
    expect(await cli(`${root}/test/projects/chat-with-mistakes`, argv)).toMatchObject({ status: 1, stdout: expect.stringMatching(/^::/) as string });
  });
});

describe("the action", () => {
  it("is a composite action that passes inputs by environment only", () => {
    const action = parse(readFileSync(`${root}/action.yml`, "utf8")) as { runs: { using: string; steps: readonly { run: string; shell: string }[] } };
    expect(action.runs.using).toBe("composite");
    for (const { run, shell } of action.runs.steps) {
      expect(shell).toBe("bash");
      expect(run).not.toContain("${{");
    }
  });
});

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { CONFIG_NAMES } from "../lint/config/find.ts";
import { formatBaseline } from "../lint/findings/baseline.ts";
import { lint } from "../lint/run.ts";
import { toPosix } from "../paths.ts";
import { diagnosticPlace } from "../report/phrases.ts";
import { count } from "../text.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";
import { DEFAULT_BASELINE } from "./lint/baseline-file.ts";
import { openWorkspace } from "./lint/workspace.ts";

/** Sets up the folder that the command runs in. What exists stays as it is. */
export async function runInit(io: Io): Promise<ExitStatus> {
  const workspace = openWorkspace(io.cwd, ["."]);
  const here = workspace.asked[0] ?? "";
  const workflow = toPosix(join(".github", "workflows", here === "" ? "do-or-d1.yml" : `do-or-d1-${here.replace(/[^\w-]+/g, "-")}.yml`));
  const config = CONFIG_NAMES.find((name) => name !== "package.json" && existsSync(join(io.cwd, name)));
  const results = lint(await workspace.checkout());
  for (const diagnostic of results.diagnostics) io.stderr.write(`${diagnosticPlace(diagnostic, workspace.path)}${diagnostic.message}\n`);

  say(io, config !== undefined ? keep(config) : write(io.cwd, "do-or-d1.yaml", CONFIG));
  const accepted = [...results.findings, ...results.baselined];
  const baseline = write(io.cwd, DEFAULT_BASELINE, formatBaseline(accepted));
  say(io, baseline, baseline.written ? `${count(accepted.length, "finding")} accepted for now` : "");
  say(io, write(workspace.root, workflow, workflowText(here)));
  if (config !== undefined && baseline.written) io.stdout.write(`Add \`baseline: ${DEFAULT_BASELINE}\` to ${config}.\n`);
  io.stdout.write("Next: `do-or-d1 lint` reports what is new; `do-or-d1 explain ID` says more about a rule.\n");
  return EXIT.ok;
}

interface Written {
  readonly file: string;
  readonly written: boolean;
}

function write(folder: string, file: string, text: string): Written {
  const path = join(folder, file);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: "wx" });
    return { file, written: true };
  } catch (error) {
    if ((error as { code?: unknown }).code === "EEXIST") return keep(file);
    throw new UserError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function keep(file: string): Written {
  return { file, written: false };
}

function say(io: Io, { file, written }: Written, note = ""): void {
  io.stdout.write(written ? `wrote ${file}${note === "" ? "" : `: ${note}`}\n` : `kept  ${file}: it is there already\n`);
}

const CONFIG = `# yaml-language-server: $schema=./node_modules/do-or-d1/rules/config.schema.json
# What do-or-d1 cannot read from wrangler's configuration. Holds for this folder and those below.

# Old findings that are accepted for now. Delete an entry to see its finding again.
baseline: ${DEFAULT_BASELINE}

# databases:                      # read replication is switched on outside of wrangler's configuration
#   DB: { read_replication: auto }
# singletons:                     # objects that are meant to be one of a kind
#   allow:
#     - { class: Scheduler, reason: one clock for the fleet }
# rules:                          # off, info, warning or error
#   do-fan-out-query: warning
# ignore: [generated/**]
`;

function workflowText(folder: string): string {
  const where = folder === "" ? "" : `\n        working-directory: ${folder}`;
  return `name: do-or-d1
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      - run: npx do-or-d1 lint --format github${where}
`;
}

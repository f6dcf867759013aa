import { describe, expect, it } from "vitest";
import { d1Commands, remoteByDefault } from "../../src/lint/d1-commands.ts";
import { workflowJobs } from "../../src/lint/workflows.ts";

describe("wrangler d1 commands in a script", () => {
  it.each([
    ["wrangler d1 migrations apply DB", ["default"]],
    ["npx wrangler d1 migrations apply DB --remote", ["remote"]],
    ["pnpm exec wrangler@4 d1 migrations apply DB --local", ["local"]],
    ["wrangler --config x.toml d1 migrations apply DB", ["default"]],
    ["wrangler d1 migrations apply DB --env production && wrangler deploy", ["default"]],
    ["wrangler d1 migrations apply DB; wrangler d1 migrations apply LOG --remote", ["default", "remote"]],
    ["wrangler d1 execute DB --file schema.sql", ["default"]],
    ["wrangler d1 execute DB --file=schema.sql --remote", ["remote"]],
    ["wrangler d1 execute DB --command 'SELECT 1'", []],
    ["wrangler d1 migrations apply $DB", ["default"]],
    ["wrangler d1 migrations apply DB $TARGET", ["unknown"]],
    ['wrangler d1 migrations apply DB "$@"', ["unknown"]],
    ["wrangler d1 migrations apply DB ${REMOTE_FLAG}", ["unknown"]],
    ["wrangler d1 migrations apply DB --env ${{ inputs.env }}", ["default"]],
    ["wrangler d1 migrations apply DB \\\n  --remote", ["remote"]],
    ["wrangler d1 migrations create DB init", []],
    ["wrangler d1 migrations list DB", []],
    ["echo d1 migrations apply DB", []],
    ["# wrangler d1 migrations apply DB", []],
  ])("%s", (script, targets) => {
    expect(d1Commands(script).map(({ target }) => target)).toEqual(targets);
  });

  it("says where each stands and which version it names", () => {
    const script = "npm run build && npx wrangler@2.20 d1 migrations apply DB -y | cat";
    expect(d1Commands(script).map(({ start, end, version }) => [script.slice(start, end), version])).toEqual([["d1 migrations apply DB -y", "2.20"]]);
  });

  it("counts commands without the program's name in steps of wrangler-action only", () => {
    const step = "        with:\n          command: d1 migrations apply DB\n          preCommands: |\n            d1 execute DB --file x.sql\n";
    expect([d1Commands(step).length, d1Commands(step, true).length]).toEqual([0, 2]);
  });
});

describe("the version that worked on the remote database by default", () => {
  it.each([
    ["2.7.1", true], ["^2.0.0", true], ["2", true], ["~2.1", true], ["1.x", true], ["3.20.0", true], ["~3.32.0", true],
    ["3.33.0", false], ["^3.0.0", false], ["3", false], ["3.x", false], ["^4.1.0", false], ["4.164.0", false], [">=2", false], ["latest", false], ["catalog:", false], ["workspace:*", false], [undefined, false],
  ])("%s: %s", (range, expected) => {
    expect(remoteByDefault(range)).toBe(expected);
  });
});

describe("jobs of a workflow", () => {
  it("are told apart, with name, folder and the wrangler that the action brings", () => {
    const text = `on: push
defaults:
  run:
    working-directory: apps/api
jobs:
  # first
  test:
    runs-on: ubuntu-latest
    steps:
      - run: npm test
  ship:
    name: "Deploy it"
    steps:
      - uses: cloudflare/wrangler-action@2.0.0
        with:
          workingDirectory: apps/web
`;
    const jobs = workflowJobs("ci.yml", text);
    expect(jobs.map(({ id, name, folder, wranglerVersion }) => [id, name, folder, wranglerVersion])).toEqual([["test", "", "apps/api", undefined], ["ship", "Deploy it", "apps/web", "2"]]);
    expect(jobs.map(({ span }) => text.slice(span.start, span.end).split("\n", 1)[0]?.trim())).toEqual(["test:", "ship:"]);
  });

  it("end where the next top-level key begins, and are one in other formats", () => {
    expect(workflowJobs("x.yml", "jobs:\n  a:\n    steps:\n      - run: npm ci\nname: later\n").map(({ text }) => text)).toEqual(["  a:\n    steps:\n      - run: npm ci\n"]);
    expect(workflowJobs(".gitlab-ci.yml", "deploy:\n  script:\n    - npx wrangler deploy\n").map(({ id }) => id)).toEqual([".gitlab-ci.yml"]);
    expect(workflowJobs("empty.yml", "jobs:\n  # npm ci\n")).toEqual([]);
  });
});

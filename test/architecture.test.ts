// The borders of `src/`, stated as rules over its import statements, each with its reason.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../src/", import.meta.url));

interface Import {
  readonly from: string;
  /** A path relative to `src` for our own modules, else a package. */
  readonly to: string;
  readonly isType: boolean;
  readonly isLazy: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"));
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), "utf8");
  const statements = [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[\w*{][^;"']*?\sfrom\s+)?["']([^"']+)["']/gm)].map((match) => ({ type: match[1], to: match[2], isLazy: false }));
  const lazy = [...text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)(?!\.)/g)].map((match) => ({ type: undefined, to: match[1], isLazy: true }));
  return [...statements, ...lazy].map(({ type, to = "", isLazy }) => ({
    from: file,
    to: to.startsWith(".") ? relative(src, join(src, dirname(file), to)).replaceAll("\\", "/") : to,
    isType: type !== undefined,
    isLazy,
  }));
}

const stage = (path: string): string => (path.startsWith("lint/rules/") ? "lint/rules" : path.includes("/") ? (path.split("/")[0] ?? "") : "leaf");

/** What a stage may import at run time, besides itself, leaves and packages. Types may come from anywhere. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  leaf: [],
  project: [],
  "lint/rules": ["project", "lint"],
  lint: ["project", "lint/rules"],
  choose: ["project"],
  report: ["lint", "project"],
  scaffold: ["project", "choose"],
  cli: ["lint", "lint/rules", "project", "choose", "report", "scaffold"],
};

describe("imports", () => {
  it("are found at all, so that the rules below mean something", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports).toContainEqual({ from: "cli/program.ts", to: "errors.ts", isType: false, isLazy: false });
    expect(imports).toContainEqual({ from: "cli/commands/lint.ts", to: "cli/lint/action.ts", isType: false, isLazy: true });
  });

  it("point one way: cli, stages, leaves", () => {
    const wrong = imports.filter(({ from, to, isType }) => {
      const [own, other] = [stage(from), to.endsWith(".ts") ? stage(to) : "leaf"];
      if (isType || own === other || other === "leaf" || !(own in MAY_IMPORT)) return false;
      return !MAY_IMPORT[own]?.includes(other);
    });
    // The eslint plugin is an adapter beside the stages, with a border of its own.
    expect(wrong.filter(({ from }) => from !== "eslint.ts")).toEqual([]);
  });

  it("reach the disk, the process and other programs only at the edges, so that the rest also runs in an editor or a browser", () => {
    const edges = /^(?:cli\/|project\/discover\/disk\.ts$|data\.ts$|eslint\.ts$|scaffold\/apply\.ts$)/;
    const outside = /^node:(?:fs|fs\/promises|process|child_process|os|net|http|https|worker_threads)$/;
    expect(imports.filter(({ from, to }) => outside.test(to) && !edges.test(from))).toEqual([]);
    const globals = files.filter((file) => !edges.test(file) && /(?<![.\w"'`])(?:process\.(?:env|argv|cwd|exit|std)|console\.\w+\()/.test(codeOf(file)));
    expect(globals).toEqual([]);
  });

  it("of heavy packages happen when they are first needed: help and version load none", () => {
    const heavy = ["chalk", "inquirer", "oxc-parser", "smol-toml", "jsonc-parser", "yaml", "ignore", "ts-morph", "node-sqlite3-wasm"];
    const loaded = new Set<string>();
    const visit = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const { from, to, isType, isLazy } of imports) if (from === file && !isType && !isLazy) visit(to);
    };
    visit("cli/main.ts");
    visit("cli/program.ts");
    expect([...loaded].filter((file) => heavy.includes(file))).toEqual([]);
    expect([...loaded].filter((file) => /^(?:project|report\/(?!report)|scaffold|choose)\//.test(file))).toEqual([]);
  });

  it("of packages are declared as dependencies", () => {
    const { dependencies } = JSON.parse(readFileSync(join(src, "../package.json"), "utf8")) as { dependencies: Record<string, string> };
    const known = new Set(Object.keys(dependencies));
    const wrong = imports.filter(({ to, isType }) => !isType && !to.endsWith(".ts") && !to.startsWith("node:") && !known.has(to.split("/").slice(0, to.startsWith("@") ? 2 : 1).join("/")));
    expect(wrong).toEqual([]);
  });
});

describe("rules", () => {
  it("keep no state: nothing at the top level of a rule changes", () => {
    const stateful = files.filter((file) => file.startsWith("lint/rules/") && /^(?:export )?let /m.test(codeOf(file)));
    expect(stateful).toEqual([]);
  });
});

/** A module's text without comments and strings over one line. */
function codeOf(file: string): string {
  return readFileSync(join(src, file), "utf8").replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "");
}

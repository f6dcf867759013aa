import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { applyPlan, findPackageManager, takenPaths } from "../../src/scaffold/apply.ts";
import { renderTree } from "../../src/scaffold/tree.ts";

const files = [
  { path: "README.md", text: "read me\n" },
  { path: "src/deep/a.ts", text: "a" },
  { path: "src/index.ts", text: "ä" },
];

let base: string;
beforeEach(() => (base = mkdtempSync(join(tmpdir(), "scaffold-"))));
afterEach(() => rmSync(base, { recursive: true, force: true }));

const everything = (): string[] => readdirSync(base, { recursive: true }).map(String).sort();

describe("writing a plan", () => {
  test("makes the folder and every file", () => {
    applyPlan(join(base, "new", "project"), files);
    expect(everything()).toEqual(["new", "new/project", ...["README.md", "src", "src/deep", "src/deep/a.ts", "src/index.ts"].map((path) => `new/project/${path}`)]);
    expect(readFileSync(join(base, "new/project/src/index.ts"), "utf8")).toBe("ä");
  });

  test("leaves alone what it does not write", () => {
    mkdirSync(join(base, "src"));
    writeFileSync(join(base, "LICENSE"), "mine");
    applyPlan(base, files);
    expect(readFileSync(join(base, "LICENSE"), "utf8")).toBe("mine");
  });

  test.each([
    ["a file that it would write", () => writeFileSync(join(base, "README.md"), "mine"), ["README.md"]],
    ["a file where a folder must be", () => writeFileSync(join(base, "src"), "mine"), ["src/deep/a.ts", "src/index.ts"]],
    ["a folder where a file must be", () => mkdirSync(join(base, "README.md")), ["README.md"]],
  ])("is refused for %s, and nothing changes", (_, prepare, taken) => {
    prepare();
    const before = everything();
    expect(takenPaths(base, files)).toEqual(taken);
    expect(() => applyPlan(base, files)).toThrow(UserError);
    expect(everything()).toEqual(before);
  });

  test("is refused when the folder is a file", () => {
    writeFileSync(join(base, "file"), "mine");
    expect(() => applyPlan(join(base, "file"), files)).toThrow("is a file");
  });

  test.each([0, 1, 2])("leaves nothing behind when write %i fails half-way", (failing) => {
    writeFileSync(join(base, "LICENSE"), "mine");
    let count = 0;
    const write = (path: string, text: string): void => {
      writeFileSync(path, text.slice(0, 1), { flag: "wx" });
      if (count++ === failing) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    expect(() => applyPlan(join(base, "new"), files, write)).toThrow("no space left");
    expect(everything()).toEqual(["LICENSE"]);
    expect(() => applyPlan(base, files, write)).not.toThrow();
  });

  test("a file that appears meanwhile stays, and the rest is taken back", () => {
    const write = (path: string, text: string): void => {
      if (path.endsWith("a.ts")) writeFileSync(path, "theirs");
      writeFileSync(path, text, { flag: "wx" });
    };
    expect(() => applyPlan(base, files, write)).toThrow(UserError);
    expect(readFileSync(join(base, "src/deep/a.ts"), "utf8")).toBe("theirs");
    expect(everything()).toEqual(["src", "src/deep", "src/deep/a.ts"]);
  });
});

test("the tree shows folders first, and sizes in bytes of UTF-8", () => {
  expect(renderTree("app", files)).toBe(
    ["app", "├── src/", "│   ├── deep/", "│   │   └── a.ts  1 B", "│   └── index.ts  2 B", "└── README.md  8 B", "", "3 files, 11 B", ""].join("\n"),
  );
});

describe("the package manager", () => {
  test("is found above the folder, up to the checkout", () => {
    mkdirSync(join(base, "repo/.git"), { recursive: true });
    writeFileSync(join(base, "yarn.lock"), "");
    expect(findPackageManager(join(base, "repo", "packages", "new"))).toBeUndefined();
    writeFileSync(join(base, "repo", "pnpm-lock.yaml"), "");
    expect(findPackageManager(join(base, "repo", "packages", "new"))).toBe("pnpm");
  });

  test("is what package.json says before what a lock file says", () => {
    writeFileSync(join(base, "package-lock.json"), "{}");
    expect(findPackageManager(base)).toBe("npm");
    writeFileSync(join(base, "package.json"), '{ "packageManager": "bun@1.2.0" }');
    expect(findPackageManager(base)).toBe("bun");
  });
});

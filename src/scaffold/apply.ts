import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { LOCK_FILES, PACKAGE_MANAGERS, type PackageManager } from "./package-manager.ts";
import type { TextFile } from "./rename.ts";
import type { ScaffoldPattern, Stack, Template, TemplateManifest } from "./template.ts";

/** Reads a template with all that belongs to it from the package's `templates/`. */
export async function readTemplate(pattern: ScaffoldPattern): Promise<Template> {
  const { parse } = await import("yaml");
  const root = templatesFolder();
  const manifest = parse(readFileSync(join(root, pattern, "template.yaml"), "utf8")) as TemplateManifest;
  return {
    manifest,
    files: readFiles(join(root, pattern)).filter((file) => file.path !== "template.yaml"),
    shared: Object.entries(manifest.shared).map(([from, path]) => ({ path, text: readFileSync(join(root, "shared", from), "utf8") })),
    stacks: (parse(readFileSync(join(root, "stacks", "stacks.yaml"), "utf8")) as readonly Omit<Stack, "overlay">[]).map((stack) => ({
      ...stack,
      overlay: existsSync(join(root, "stacks", stack.id)) ? readFiles(join(root, "stacks", stack.id)) : [],
    })),
  };
}

// The sources lie in src/scaffold, the bundle in dist or dist/chunks.
function templatesFolder(): string {
  for (const up of ["../templates/", "../../templates/"]) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(join(folder, "stacks", "stacks.yaml"))) return folder;
  }
  throw new Error("The package's templates are missing.");
}

// What a person who works on a template leaves behind in it.
const NOT_OF_THE_TEMPLATE = new Set(["node_modules", ".wrangler", "worker-configuration.d.ts", "package-lock.json"]);

function readFiles(folder: string, below = ""): readonly TextFile[] {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .filter((entry) => !NOT_OF_THE_TEMPLATE.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? readFiles(folder, path) : [{ path, text: readFileSync(join(folder, path), "utf8") }];
    });
}

/**
 * Looks whether the files can be written without touching anything that is there.
 * @returns paths of the plan that are taken already, sorted
 * @throws UserError when the folder itself is a file
 */
export function takenPaths(folder: string, files: readonly TextFile[]): readonly string[] {
  if (existsSync(folder) && !statSync(folder).isDirectory()) throw new UserError(`${folder} is a file`, { hint: "Name a folder that is new or empty." });
  return files.map((file) => file.path).filter((path) => isTaken(folder, path));
}

/** Taken is a path that exists, or one that would lie below a file. */
function isTaken(folder: string, path: string): boolean {
  const parts = path.split("/");
  return parts.some((_, index) => {
    const candidate = join(folder, ...parts.slice(0, index + 1));
    return existsSync(candidate) && (index === parts.length - 1 || !statSync(candidate).isDirectory());
  });
}

/**
 * The package manager that a folder or one above it uses, by `packageManager` in package.json or by a lock file. Looks no further than the checkout.
 */
export function findPackageManager(folder: string): PackageManager | undefined {
  const entries = existsSync(folder) ? readdirSync(folder) : [];
  const named = entries.includes("package.json") ? packageManagerOf(join(folder, "package.json")) : undefined;
  const locked = Object.entries(LOCK_FILES).find(([file]) => entries.includes(file))?.[1];
  const found = named ?? locked;
  const parent = dirname(folder);
  return found !== undefined || entries.includes(".git") || parent === folder ? found : findPackageManager(parent);
}

function packageManagerOf(path: string): PackageManager | undefined {
  try {
    const { packageManager } = JSON.parse(readFileSync(path, "utf8")) as { readonly packageManager?: unknown };
    return PACKAGE_MANAGERS.find((manager) => typeof packageManager === "string" && packageManager.startsWith(`${manager}@`));
  } catch {
    // Not ours to judge: without it the manager is found another way.
    return undefined;
  }
}

/** Writes one file that must not exist yet. Tests pass one that fails. */
export type WriteFile = (path: string, text: string) => void;

const writeNew: WriteFile = (path, text) => writeFileSync(path, text, { flag: "wx" });

/**
 * Writes all files or none: what was written before a failure is taken away again, with the folders made for it.
 * @throws UserError when something is in the way, or when the disk refuses
 */
export function applyPlan(folder: string, files: readonly TextFile[], write: WriteFile = writeNew): void {
  const taken = takenPaths(folder, files);
  if (taken.length > 0)
    throw new UserError(`${folder} already has ${listed(taken)}, which would be written`, {
      hint: "Nothing was changed, and nothing is ever overwritten. Choose a folder that is new or empty.",
    });
  const undo: (() => void)[] = [];
  try {
    for (const { path, text } of files) {
      const target = join(folder, path);
      makeFolder(dirname(target), undo);
      writeOrRemove(target, text, write);
      undo.push(() => unlinkSync(target));
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    if (error instanceof Error && "code" in error)
      throw new UserError(`could not write to ${folder}: ${error.message}`, { hint: "What was written has been taken away again." });
    throw error;
  }
}

// A write that fails on a full disk leaves a file of its own behind; one that fails because a file is there must leave that alone.
function writeOrRemove(target: string, text: string, write: WriteFile): void {
  try {
    write(target, text);
  } catch (error) {
    const isTheirs = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isTheirs && existsSync(target)) unlinkSync(target);
    throw error;
  }
}

function makeFolder(folder: string, undo: (() => void)[]): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder), undo);
  mkdirSync(folder);
  undo.push(() => {
    // Somebody else may have put something in it meanwhile.
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  });
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).join(", ");
  return paths.length > 5 ? `${shown} and ${paths.length - 5} more` : shown;
}

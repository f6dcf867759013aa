import { UserError } from "../errors.ts";
import type { TextFile } from "./rename.ts";
import type { Stack } from "./template.ts";

/**
 * The newest stack that runs on this Node.
 * @param node a version such as `20.20.2`
 * @throws UserError when not even the oldest does
 */
export function stackForNode(stacks: readonly Stack[], node: string): Stack {
  const fitting = stacks.find((stack) => compareVersions(node, stack.node) >= 0);
  if (fitting !== undefined) return fitting;
  throw new UserError(`Node ${node} runs none of the known stacks`, { hint: `Use Node ${stacks.at(-1)?.node ?? "20"} or later.` });
}

/** @throws UserError naming the stacks there are */
export function requireStack(stacks: readonly Stack[], id: string): Stack {
  const found = stacks.find((stack) => stack.id === id);
  if (found !== undefined) return found;
  throw new UserError(`there is no stack "${id}"`, { place: "--stack", hint: `Stacks: ${stacks.map((stack) => stack.id).join(", ")}.` });
}

/** Turns files that are written for the first stack into files for this one. */
export function onStack(files: readonly TextFile[], stack: Stack): readonly TextFile[] {
  const overlay = new Map(stack.overlay.map((file) => [file.path, file.text]));
  return files.map(({ path, text }) => ({ path, text: adapt(path, overlay.get(path) ?? text, stack) }));
}

function adapt(path: string, text: string, stack: Stack): string {
  if (path === "package.json") return adaptPackage(text, stack);
  if (path === "wrangler.jsonc") return adaptWrangler(text, stack);
  const named = Object.entries(stack.packages).reduce((result, [from, { name }]) => (name === undefined ? result : result.replaceAll(from, name)), text);
  return path.startsWith(".github/") ? named.replace(/node-version: \S+/, `node-version: ${stack.ciNode}`) : named;
}

interface PackageJson {
  readonly engines: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function adaptPackage(text: string, stack: Stack): string {
  const manifest = JSON.parse(text) as PackageJson;
  const devDependencies = Object.entries(manifest.devDependencies).map(([name, version]) => {
    const change = stack.packages[name];
    return [change?.name ?? name, change?.version ?? version] as const;
  });
  devDependencies.sort(([a], [b]) => (a < b ? -1 : 1));
  const adapted = { ...manifest, engines: { node: `>=${stack.node}` }, devDependencies: Object.fromEntries(devDependencies) };
  return `${JSON.stringify(adapted, null, 2)}\n`;
}

// The templates' own layout: a property of the top level begins and ends at two spaces, and comments stand above it.
const EXPORTS = /(?:^ {2}\/\/.*\n)*^ {2}"exports": \{\n([\s\S]*?)^ {2}\},?\n/m;

function adaptWrangler(text: string, stack: Stack): string {
  const dated = text.replace(/("compatibility_date": )"[\d-]+"/, `$1"${stack.compatibilityDate}"`);
  if (stack.migrations === undefined) return dated;
  const comment = stack.migrations.comment.trim().split("\n").map((line) => `  // ${line}\n`).join("");
  return dated.replace(EXPORTS, (_, entries: string) => {
    const classes = [...entries.matchAll(/^ {4}"(\w+)"/gm)].map(([, name]) => `"${name ?? ""}"`);
    return `${comment}  "migrations": [{ "tag": "v1", "new_sqlite_classes": [${classes.join(", ")}] }],\n`;
  });
}

/** Negative, zero or positive, as `Array.sort` wants it. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.replace(/^v/, "").split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

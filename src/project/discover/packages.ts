import type { Diagnostic } from "../../lint/finding.ts";
import { dirOf } from "../../paths.ts";
import type { PackageInfo } from "./types.ts";

/** Reads a package.json. What could not be understood gives an empty package and a diagnostic with its place. */
export function readPackage(file: string, text: string): { readonly info: PackageInfo; readonly problem?: Diagnostic } {
  const dir = dirOf(file);
  try {
    const json: unknown = JSON.parse(text);
    return { info: packageInfo(dir, file, text, isRecord(json) ? json : {}) };
  } catch (error) {
    // A template with `{{name}}` in it is nobody's package yet.
    const info = packageInfo(dir, file, text, {});
    return /\{\{|<%|\$\{/.test(text) ? { info } : { info, problem: { file, ...placeIn(text, error), message: "not valid JSON, so the package's name, scripts and dependencies are unknown" } };
  }
}

function packageInfo(dir: string, file: string, text: string, json: Readonly<Record<string, unknown>>): PackageInfo {
  const sections = [json["dependencies"], json["devDependencies"], json["peerDependencies"], json["optionalDependencies"]];
  return {
    dir,
    file,
    text,
    ...(typeof json["name"] === "string" ? { name: json["name"] } : {}),
    json,
    dependencies: new Map(sections.flatMap(stringEntries)),
    scripts: new Map(stringEntries(json["scripts"])),
  };
}

/** The folder patterns under which a package declares its workspace packages (npm, yarn, bun), as written. */
export function workspacePatterns(info: PackageInfo): readonly string[] {
  const workspaces = info.json["workspaces"];
  const patterns = isRecord(workspaces) ? workspaces["packages"] : workspaces;
  return Array.isArray(patterns) ? patterns.filter((pattern): pattern is string => typeof pattern === "string") : [];
}

/** The same from a pnpm-workspace.yaml: only its list `packages` is read, so a full YAML parser is not needed. */
export function pnpmWorkspacePatterns(text: string): readonly string[] {
  const block = /^packages:[ \t]*\r?\n((?:[ \t]*(?:-.*|#.*)?\r?\n?)+)/m.exec(text)?.[1] ?? "";
  return [...block.matchAll(/^[ \t]*-[ \t]*(?:"([^"]+)"|'([^']+)'|([^\s#'"]+))/gm)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function stringEntries(value: unknown): [string, string][] {
  return isRecord(value) ? Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string") : [];
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function placeIn(text: string, error: unknown): { line?: number; column?: number } {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
  // Node says no position when the text simply ends.
  const before = text.slice(0, position === undefined ? text.length : Number(position)).split("\n");
  return { line: before.length, column: (before[before.length - 1]?.length ?? 0) + 1 };
}

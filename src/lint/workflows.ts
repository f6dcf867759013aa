import { joinPath } from "../paths.ts";
import type { Span } from "../project/span.ts";

/** One job of a CI workflow, as text: enough to see what it runs, without a YAML parser at every start. */
export interface Job {
  readonly file: string;
  readonly id: string;
  /** Its `name`, "" when it has none. */
  readonly name: string;
  readonly span: Span;
  readonly text: string;
  /** Folder that its steps work in, when one is set. */
  readonly folder: string | undefined;
  /** What wrangler-action is told to install, or brings along. */
  readonly wranglerVersion: string | undefined;
}

/** The jobs of a GitHub, Forgejo or Gitea workflow; the whole file as one job where there is no `jobs` key. */
export function workflowJobs(file: string, text: string): Job[] {
  if (!/\b(?:wrangler|d1|npm|pnpm|yarn|bun)\b/.test(text)) return [];
  const jobs = /^jobs:[ \t]*(?:#.*)?\r?\n/m.exec(text);
  if (!jobs) return [job(file, text, { id: file.slice(file.lastIndexOf("/") + 1), start: 0, end: text.length })];
  const from = jobs.index + jobs[0].length;
  const end = from + (/^\S/m.exec(text.slice(from).replace(/^#/gm, " "))?.index ?? text.length - from);
  const indent = /^([ \t]+)[\w"'-]+:/m.exec(text.slice(from, end))?.[1];
  if (indent === undefined) return [];
  const heads = [...text.slice(from, end).matchAll(new RegExp(`^${indent}["']?([\\w-]+)["']?:`, "gm"))];
  return heads.map((head, at) => job(file, text, { id: head[1] ?? "", start: from + head.index, end: heads[at + 1] ? from + (heads[at + 1]?.index ?? 0) : end }));
}

function job(file: string, whole: string, { id, start, end }: { id: string; start: number; end: number }): Job {
  const text = whole.slice(start, end);
  const folder = /working-?[dD]irectory:[ \t]*["']?([^\s"'#]+)/.exec(text)?.[1] ?? /^defaults:[\s\S]*?working-directory:[ \t]*["']?([^\s"'#]+)/m.exec(whole)?.[1];
  const action = /wrangler-action@v?(\d+)/.exec(text)?.[1];
  return {
    file,
    id,
    name: /^[ \t]+name:[ \t]*["']?([^"'\n]*)/m.exec(text.split(/^[ \t]+steps:/m)[0] ?? "")?.[1]?.trim() ?? "",
    span: { file, start, end },
    text,
    folder: folder === undefined ? undefined : joinPath(folder),
    // wrangler-action 1 and 2 install wrangler 2 unless told otherwise.
    wranglerVersion: /wranglerVersion:[ \t]*["']?([\w.^~-]+)/.exec(text)?.[1] ?? (action !== undefined && Number(action) < 3 ? "2" : undefined),
  };
}

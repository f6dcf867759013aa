import { dirOf } from "../paths.ts";
import type { Checkout } from "../project/discover/types.ts";

/** One `wrangler d1 migrations apply` or `wrangler d1 execute --file` in a script. */
export interface D1Command {
  /** Offsets in the text that was searched. */
  readonly start: number;
  readonly end: number;
  /** The command as far as it matters, e.g. `d1 migrations apply DB`. */
  readonly text: string;
  /** `unknown`: a variable may hold the option. */
  readonly target: "remote" | "local" | "default" | "unknown";
  /** The version after `wrangler@`, when the command names one. */
  readonly version: string | undefined;
}

/** Where the name of the program may stand before `d1`: `npx wrangler@4 --config x d1`, or nothing, in a step of wrangler-action. */
const BEFORE = /(?:\bwrangler(?:@([\w.^~-]+))?(?:[ \t]+-{1,2}[\w-]+(?:[= \t]+(?!d1\b)[^\s-]\S*)?)*[ \t]+)$/;
const ACTION = /(?:\b(?:command|preCommands|postCommands):[ \t]*["']?|^[ \t]*)$/;
const D1 = /\bd1[ \t]+(migrations[ \t]+apply|execute)\b((?:\\\r?\n|[^&|;\n#])*)/g;

/**
 * The commands in `text` that change a database's schema or rows from files.
 * @param inAction also count commands without the program's name, as wrangler-action takes them
 */
export function d1Commands(text: string, inAction = false): D1Command[] {
  return [...text.matchAll(D1)].flatMap((match): D1Command[] => {
    const [whole, what = "", rest = ""] = match;
    const lineStart = text.lastIndexOf("\n", match.index) + 1;
    const before = text.slice(lineStart, match.index).replace(/^[ \t]*-[ \t]+(?=\S)/, "");
    if (/^\s*(?:#|\/\/)/.test(before)) return [];
    const program = BEFORE.exec(before);
    if (!program && !(inAction && ACTION.test(before))) return [];
    const options = rest.replace(/\\\r?\n/g, " ").replace(/["']\s*$/, "").trim().split(/\s+/).filter((word) => word !== "");
    if (what === "execute" && !options.some((word) => /^(?:--file\b|-f$)/.test(word))) return [];
    return [{ start: match.index, end: match.index + whole.trimEnd().length, text: `d1 ${what.replace(/\s+/g, " ")} ${options.join(" ")}`.trim(), target: targetOf(options), version: program?.[1] }];
  });
}

/** Options of these commands that take the next word as their value. */
const WITH_VALUE = new Set(["--env", "-e", "--config", "-c", "--file", "-f", "--command", "--persist-to", "--batch-size", "--cwd", "--env-file"]);

function targetOf(options: readonly string[]): D1Command["target"] {
  if (options.some((word) => /^["']?--(?:remote(?!=false)|no-local)\b/.test(word))) return "remote";
  if (options.some((word) => /^["']?--local\b(?!=false)/.test(word))) return "local";
  // The first word is the database; any other that is a variable may stand for an option.
  let positional = 0;
  for (let at = 0; at < options.length; at++) {
    const word = options[at] ?? "";
    if (WITH_VALUE.has(word)) at++;
    else if (!word.startsWith("-") && positional++ > 0 && /[$%]|\{\{/.test(word)) return "unknown";
  }
  return /\$@|\$\*|\$\{?\w*(?:FLAG|OPT|ARG|REMOTE|LOCAL)/i.test(options.join(" ")) ? "unknown" : "default";
}

/**
 * Whether `wrangler d1` works on the remote database unless told otherwise: before version 3.33 (March 2024).
 * @param range a version or a range as in package.json, or as in `wrangler@2`
 */
export function remoteByDefault(range: string | undefined): boolean {
  const match = /^([\^~=v]|>=)?\s*(\d+)(?:\.(\d+|x|\*))?/.exec(range ?? "");
  if (!match) return false;
  const [, operator = "", major = "0", minor] = match;
  if (operator === ">=") return false;
  if (Number(major) !== 3) return Number(major) < 3;
  return operator !== "^" && minor !== undefined && Number(minor) < 33;
}

/** The range of wrangler that the packages at and above a folder ask for. */
export function wranglerRange(checkout: Checkout, dir: string): string | undefined {
  for (let folder = dir; ; folder = dirOf(folder)) {
    const range = checkout.packages.find((info) => info.dir === folder)?.dependencies.get("wrangler");
    if (range !== undefined || folder === "") return range;
  }
}

import { execFileSync } from "node:child_process";
import { UserError } from "../../errors.ts";

/**
 * Absolute paths of the files that differ from a git revision: committed, staged, changed and untracked ones.
 * git is kept from running programs that the repository's own configuration names.
 * @throws UserError when there is no git, no repository, or no such revision
 */
export function changedSince(ref: string, cwd: string): ReadonlySet<string> {
  const top = git(cwd, ["rev-parse", "--show-toplevel"], "--since needs a git repository").trimEnd();
  const commit = git(cwd, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`], `--since: git knows no revision "${ref}"`).trim();
  // What the branch itself changed, not what others changed on the revision since they parted.
  const base = tryGit(cwd, ["merge-base", commit, "HEAD"])?.trim() ?? commit;
  const changed = git(top, ["diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--diff-filter=d", base, "--"], "git diff failed");
  const untracked = git(top, ["ls-files", "--others", "--exclude-standard", "-z"], "git ls-files failed");
  return new Set([...changed.split("\0"), ...untracked.split("\0")].filter((path) => path !== "").map((path) => `${top}/${path}`));
}

const SAFE = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="];

function git(cwd: string, args: readonly string[], problem: string): string {
  try {
    return execFileSync("git", [...SAFE, ...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 28 });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: unknown };
    if (code === "ENOENT") throw new UserError("--since needs git, which is not installed");
    const said = typeof stderr === "string" ? stderr.trim().split("\n")[0] : "";
    throw new UserError(problem, { hint: said === "" ? undefined : said });
  }
}

function tryGit(cwd: string, args: readonly string[]): string | undefined {
  try {
    return git(cwd, args, "");
  } catch {
    return undefined;
  }
}

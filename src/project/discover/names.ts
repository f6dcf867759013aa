import { baseOf } from "../../paths.ts";

/** Folders that hold dependencies, version control, an editor's old versions or the output of tools: never looked into, ignored by git or not. */
export const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  "node_modules", "bower_components", "jspm_packages", ".git", ".hg", ".svn", ".jj", ".history",
  ".wrangler", ".mf", ".miniflare", ".alchemy", ".sst", ".pulumi", ".terraform", ".serverless",
  ".next", ".open-next", ".nuxt", ".output", ".nitro", ".svelte-kit", ".astro", ".vinxi", ".react-router", ".tanstack", ".docusaurus", ".vercel", ".netlify",
  ".turbo", ".nx", ".cache", ".parcel-cache", ".rollup.cache", ".vite", ".yarn", ".pnpm-store", ".nyc_output", ".venv", "__pycache__", ".direnv", ".devenv",
]);

const SOURCE = /\.[cm]?[jt]sx?$/;
const OTHER = /\.(?:sql|tf|sh|bash)$|^tsconfig(?:\..+)?\.json$|^jsconfig\.json$|^\.gitlab-ci\.ya?ml$/;
const WORKFLOW = /(?:^|\/)\.(?:github\/(?:workflows|actions)|circleci|woodpecker|forgejo\/workflows|gitea\/workflows)\/.*\.ya?ml$/;

/** Code that the linter reads. Declarations (`.d.ts`) count: they hold the types of `Env`. */
export function isSourcePath(path: string): boolean {
  return SOURCE.test(path);
}

/** Other files that a rule may look at: SQL, Terraform, shell scripts, tsconfig files, workflows. */
export function isOtherPath(path: string): boolean {
  return OTHER.test(baseOf(path)) || WORKFLOW.test(path);
}

/** What a file's name says about it as a wrangler configuration. */
export interface WranglerName {
  readonly format: "jsonc" | "toml" | "typescript";
  /** `wrangler.json`, `.jsonc`, `.toml`, `cloudflare.config.ts`: what tools find by themselves. */
  readonly isDefault: boolean;
  /** A template to copy from. */
  readonly isExample: boolean;
}

const WRANGLER = /^(?:(.+)[._-])?wrangler(?:[._-](.+))?\.(jsonc?|toml)(?:\.([\w-]+))?$/i;
const EXAMPLE = /(?:^|[._-])(?:example|examples|sample|template|tmpl|tpl|dist|default)(?:$|[._-])/i;

/** Whether a file may be a wrangler configuration by its name, and of what kind. */
export function wranglerName(base: string): WranglerName | undefined {
  if (/^cloudflare\.config\.[cm]?[jt]s$/.test(base)) return { format: "typescript", isDefault: true, isExample: false };
  const match = WRANGLER.exec(base);
  if (!match) return undefined;
  const [, before = "", after = "", extension = "", suffix = ""] = match;
  const isExample = [before, after, suffix].some((part) => EXAMPLE.test(part));
  // wrangler.toml.bak and the like are nothing that anybody deploys.
  if (suffix !== "" && !isExample) return undefined;
  return { format: extension.toLowerCase() === "toml" ? "toml" : "jsonc", isDefault: before === "" && after === "" && suffix === "", isExample };
}

const TEST_FOLDER = /(?:^|\/)(?:[\w.-]*[-_.])?(?:e2e|tests?|specs?|fixtures?|__fixtures__|__tests__|playwright|vitest|mocks?)(?:[-_.][\w.-]*)?\//i;

/** Whether a configuration lies among tests or their fixtures by the names of its folders (`e2e-tests/`, `fixtures/`), beyond what the test globs say. */
export function liesInTestFolder(path: string): boolean {
  return TEST_FOLDER.test(path);
}

import { UserError } from "../errors.ts";
import type { TextFile } from "./rename.ts";

/** Package managers that a project can be written for. */
export const PACKAGE_MANAGERS = ["npm", "pnpm", "yarn", "bun"] as const;
export type PackageManager = (typeof PACKAGE_MANAGERS)[number];

/** Lock files, by the manager that writes them. */
export const LOCK_FILES: Readonly<Record<string, PackageManager>> = {
  "package-lock.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
};

/** @throws UserError naming the managers there are */
export function requirePackageManager(value: string): PackageManager {
  const found = PACKAGE_MANAGERS.find((manager) => manager === value);
  if (found !== undefined) return found;
  throw new UserError(`"${value}" is no package manager known here`, { place: "--package-manager", hint: `One of ${PACKAGE_MANAGERS.join(", ")}.` });
}

/** The manager that started this process, from `npm_config_user_agent` ("pnpm/10.1.0 npm/? node/v22 …"). */
export function managerOfUserAgent(userAgent: string | undefined): PackageManager | undefined {
  return PACKAGE_MANAGERS.find((manager) => userAgent?.startsWith(`${manager}/`));
}

// Longer texts first: what is replaced is not looked at again.
const COMMANDS: Readonly<Record<Exclude<PackageManager, "npm">, readonly (readonly [string, string])[]>> = {
  pnpm: [
    ["npm run ", "pnpm run "],
    ["npm install", "pnpm install"],
    ["npm update", "pnpm update"],
    ["npm test", "pnpm test"],
    ["npm ci", "pnpm install --frozen-lockfile"],
    ["npx wrangler", "pnpm exec wrangler"],
    ["cache: npm", "cache: pnpm"],
  ],
  yarn: [
    ["npm run ", "yarn run "],
    ["npm install", "yarn install"],
    ["npm update", "yarn up"],
    ["npm test", "yarn test"],
    ["npm ci", "yarn install --immutable"],
    ["npx wrangler", "yarn wrangler"],
    ["cache: npm", "cache: yarn"],
  ],
  bun: [
    ["npm run ", "bun run "],
    ["npm install", "bun install"],
    ["npm update", "bun update"],
    ["npm test", "bun run test"],
    ["npm ci", "bun install --frozen-lockfile"],
    ["npx wrangler", "bunx wrangler"],
    ["\n          cache: npm", ""],
  ],
};

// What a workflow needs before Node is set up.
const SETUP: Readonly<Record<Exclude<PackageManager, "npm">, string>> = {
  pnpm: "      - uses: pnpm/action-setup@v4\n        with:\n          version: 10\n",
  yarn: "      - run: corepack enable\n",
  bun: "      - uses: oven-sh/setup-bun@v2\n",
};

/** Turns files that are written for npm into files for this manager. */
export function withPackageManager(files: readonly TextFile[], manager: PackageManager): readonly TextFile[] {
  if (manager === "npm") return files;
  return files.map(({ path, text }) => ({ path, text: adapt(path, text, manager) }));
}

/** One command line, said the manager's way. */
export function commandFor(manager: PackageManager, command: string): string {
  return manager === "npm" ? command : translate(command, manager);
}

function adapt(path: string, text: string, manager: Exclude<PackageManager, "npm">): string {
  if (path === "package.json") return adaptPackage(text, manager);
  const translated = translate(text, manager);
  return path.startsWith(".github/") ? translated.replaceAll(/^ {6}- uses: actions\/setup-node/gm, (step) => `${SETUP[manager]}${step}`) : translated;
}

interface PackageJson {
  readonly scripts: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

// `allowScripts` is npm's word for install scripts that need not run; pnpm has one of its own, and the others do not ask.
function adaptPackage(text: string, manager: Exclude<PackageManager, "npm">): string {
  const { allowScripts = {}, scripts, ...rest } = JSON.parse(text) as PackageJson;
  // Yarn runs `postinstall` of the project itself, not `prepare`.
  const renamed = manager === "yarn" ? Object.entries(scripts).map(([name, script]) => [name === "prepare" ? "postinstall" : name, script] as const) : Object.entries(scripts);
  const ignored = manager === "pnpm" ? { pnpm: { ignoredBuiltDependencies: Object.keys(allowScripts) } } : {};
  const { dependencies, devDependencies, ...head } = rest as Readonly<Record<string, unknown>>;
  return `${JSON.stringify({ ...head, scripts: Object.fromEntries(renamed), dependencies, devDependencies, ...ignored }, null, 2)}\n`;
}

function translate(text: string, manager: Exclude<PackageManager, "npm">): string {
  return COMMANDS[manager].reduce((result, [from, to]) => result.replace(new RegExp(`(?<!p)${escaped(from)}`, "g"), to), text);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

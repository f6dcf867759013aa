import type { Names } from "./names.ts";
import { atomWords, requireWorkerName } from "./names.ts";
import { withPackageManager, commandFor, type PackageManager } from "./package-manager.ts";
import { chooseNames, renameText, type TextFile } from "./rename.ts";
import { compareVersions, onStack } from "./stack.ts";
import type { Stack, Template } from "./template.ts";

/** What a project is made from, besides its template. */
export interface ScaffoldRequest {
  /** The Worker's name. */
  readonly name: string;
  /** The coordination atom, as a person writes it; undefined takes the template's own. */
  readonly atom: string | undefined;
  readonly stack: Stack;
  /** The Node that runs this, such as `20.20.2`. */
  readonly node: string;
  readonly packageManager: PackageManager;
  /** The recorded decision and its ADR, copied as they are. */
  readonly records?: readonly TextFile[];
}

/** Files to write, and what to tell the person. Nothing has been written yet. */
export interface ScaffoldPlan {
  readonly files: readonly TextFile[];
  readonly names: Names;
  /** What was chosen on the way, one sentence each. */
  readonly notes: readonly string[];
  /** Commands that come next, in order. */
  readonly next: readonly string[];
}

/**
 * Works out every file of a project. Pure: the same input gives the same bytes.
 * @throws UserError for a name that cannot be one
 */
export function planScaffold(template: Template, request: ScaffoldRequest): ScaffoldPlan {
  const { manifest, stacks } = template;
  const name = requireWorkerName(request.name);
  const words = atomWords(request.atom ?? manifest.parameters.atom.default);
  const files = onStack([...template.files, ...template.shared], request.stack);
  const { names, avoided } = chooseNames(words, files);
  const project = withPackageManager(
    files.map(({ path, text }) => ({ path: renameText(path, names), text: renameText(text, names).replaceAll(manifest.parameters.name.placeholder, name) })),
    request.packageManager,
  );
  const records = request.records ?? [];
  return {
    files: [...project.map((file) => withDecision(file, records)), ...records].sort((a, b) => (a.path < b.path ? -1 : 1)),
    names,
    notes: [
      `Pattern ${manifest.pattern}: ${manifest.summary}`,
      stackNote(request.stack, request.node, stacks),
      nameNote(request.atom, names, avoided),
    ],
    next: [
      commandFor(request.packageManager, "npm install"),
      commandFor(request.packageManager, "npm run dev"),
      renameText(manifest.firstRequest, names),
    ],
  };
}

// The README leads to why the project is built as it is.
function withDecision(file: TextFile, records: readonly TextFile[]): TextFile {
  const adr = records.find((record) => record.path.endsWith(".md"))?.path;
  if (file.path !== "README.md" || adr === undefined) return file;
  return { ...file, text: `${file.text}\n## Decision\n\nWhy it is made this way: [${adr}](${adr}). The lint script also reports where the code drifts from it.\n` };
}

function stackNote(stack: Stack, node: string, stacks: readonly Stack[]): string {
  const said = `Stack ${stack.id}: ${stack.title}, for Node ${stack.node} or later.`;
  if (compareVersions(node, stack.node) < 0) return `${said} This is Node ${node}: the project needs a newer one to run.`;
  const newest = stacks[0];
  return newest === undefined || newest.id === stack.id ? said : `${said} With Node ${newest.node} or later, --stack ${newest.id} gives ${newest.title}.`;
}

function nameNote(asked: string | undefined, names: Names, avoided: string | undefined): string {
  const { pascal } = names.singular;
  const { snake } = names.plural;
  const said = `Named ${pascal} in code and ${snake} in SQL.`;
  if (avoided !== undefined) return `${said} The plain word would clash with "${avoided}".`;
  return asked === undefined ? `${said} Another name: --atom "shopping cart".` : said;
}

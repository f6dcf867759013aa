import { UserError } from "../errors.ts";
import type { Path } from "./check.ts";
import type { OwnPlaybook } from "./load.ts";

/** `---`, YAML, `---` at the head of a Markdown file. */
const FRONT_MATTER = /^---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/** The YAML between the dashes at the head of a Markdown text; undefined where there is none. */
export function frontMatterOf(text: string): string | undefined {
  return FRONT_MATTER.exec(text.replace(/^\uFEFF/, ""))?.[1];
}

/**
 * Answers out of a text: YAML or JSON with the answers themselves, a decision (its `answers`), or a Markdown record with a
 * decision's answers in its front matter. Values are not checked yet.
 * @throws UserError with the line when the text cannot be read
 */
export async function answersFromText(text: string, place: string): Promise<unknown> {
  const frontMatter = frontMatterOf(text);
  const value = await parseData(frontMatter ?? text, place, frontMatter === undefined ? 0 : 1);
  if (value === null && frontMatter === undefined) return {};
  if (isMap(value) && isMap(value["answers"])) return value["answers"];
  if (frontMatter !== undefined || (isMap(value) && "schema" in value)) throw new UserError("has no answers", { place, hint: "A record that this tool wrote has them under `answers` in its front matter." });
  return value;
}

/**
 * Parses JSON or YAML.
 * @param lineOffset lines before the text in its file, for messages
 * @throws UserError with `file:line:column`
 */
export async function parseData(text: string, place: string, lineOffset = 0): Promise<unknown> {
  const trimmed = text.trimStart();
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // YAML in flow style, or JSON with a mistake, which YAML names with its line.
    }
  }
  const { parseDocument, LineCounter } = await import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const error = document.errors[0];
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new UserError(`cannot be read: ${error.message.split("\n")[0] ?? ""}`, { place: `${place}:${line + lineOffset}:${col}`, hint: "It is neither YAML nor JSON as it stands." });
  }
  return document.toJS() as unknown;
}

/** Parses a user's playbook, keeping where each entry is for messages. */
export async function parsePlaybook(text: string, file: string): Promise<OwnPlaybook> {
  const { parseDocument, LineCounter, isMap: isYamlMap, isSeq, isNode, isPair, isScalar } = await import("yaml");
  const raw = await parseData(text, file);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const step = (node: unknown, key: string): unknown => {
    if (isYamlMap(node)) return node.items.find((pair) => isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key);
    if (isSeq(node)) return node.items.find((item) => isYamlMap(item) && item.get("id") === key) ?? node.items[Number(key)];
    return undefined;
  };
  const place = (path: Path): string | undefined => {
    let at: unknown = document.contents;
    let found: unknown;
    for (const key of path) {
      const next = step(isPair(at) ? at.value : at, key);
      if (next === undefined) break;
      [at, found] = [next, next];
    }
    const node = isPair(found) ? found.key : found;
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset === undefined) return undefined;
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  return { raw, place, file };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

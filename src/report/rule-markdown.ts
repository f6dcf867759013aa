import type { BadExample, GoodExample, RuleDocument } from "../lint/documents.ts";

/** A rule's document as Markdown: why, an example of each kind, how to mend it, sources. */
export function ruleMarkdown(document: RuleDocument): string {
  const bad = document.examples.bad[0];
  const good = document.examples.good[0];
  const parts = [
    `# ${document.id}`,
    document.summary,
    document.why.trim(),
    ...(bad ? [`## Reported: ${bad.name}`, exampleMarkdown(bad)] : []),
    ...(good ? [`## Left alone: ${good.name}`, exampleMarkdown(good)] : []),
    "## How to mend it",
    document.fix.trim(),
    ...(document.options === undefined ? [] : ["## Options", document.options.trim()]),
    "## Sources",
    document.sources.map((source) => `- <${source.url}> (read ${source.read}): ${source.says}`).join("\n"),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** The files of an example by path; `code`, `wrangler` and `config` are short for the usual ones. */
export function exampleFiles(example: GoodExample | BadExample): Readonly<Record<string, string>> {
  return {
    ...(example.wrangler !== undefined && { "wrangler.jsonc": example.wrangler }),
    ...(example.config !== undefined && { "do-or-d1.yaml": example.config }),
    ...(example.code !== undefined && { "src/index.ts": example.code }),
    ...example.files,
  };
}

function exampleMarkdown(example: GoodExample): string {
  const files = Object.entries(exampleFiles(example));
  return files
    .map(([file, text]) => {
      const fence = `\`\`\`${languageOf(file)}\n${text.trimEnd()}\n\`\`\``;
      return files.length === 1 ? fence : `\`${file}\`:\n\n${fence}`;
    })
    .join("\n\n");
}

/** The language of a Markdown code fence. */
export function languageOf(file: string): string {
  const extension = file.slice(file.lastIndexOf(".") + 1);
  return { mts: "ts", cts: "ts", mjs: "js", cjs: "js", yml: "yaml", tf: "hcl" }[extension] ?? extension;
}

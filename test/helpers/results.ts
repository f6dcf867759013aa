import type { Finding } from "../../src/lint/finding.ts";
import type { LintResults } from "../../src/lint/results.ts";
import { lineStarts, placeOf, type Place } from "../../src/project/span.ts";
import type { ReportInput } from "../../src/report/report.ts";

/** The files that hand-written findings are about. */
export const FILES: Readonly<Record<string, string>> = {
  "src/chat room.ts": [
    'import { DurableObject } from "cloudflare:workers";',
    "const LOBBY = \"lobby\";",
    "",
    "export class Room extends DurableObject {",
    "\tasync join(env: Env) {",
    "\t\treturn env.ROOM.getByName(LOBBY); // 部屋 🎉",
    "\t}",
    "}",
    "",
  ].join("\r\n"),
  "wrangler.toml": '# chat\nname = "chat"\n\n[[migrations]]\ntag = "v1"\nnew_classes = ["Room"]\n',
};

/** The place of a piece of text in a file. */
export function placeIn(file: string, piece: string): Place {
  const text = FILES[file] ?? "";
  const start = text.indexOf(piece);
  if (start < 0) throw new Error(`${JSON.stringify(piece)} is not in ${file}`);
  return placeOf({ file, start, end: start + piece.length }, lineStarts(text));
}

/** Two findings, one with related places and a fix, the other with a suggestion. */
export const FINDINGS: readonly Finding[] = [
  {
    rule: "unused-suppression",
    severity: "warning",
    confidence: "high",
    message: "`ROOM` is always addressed by \"lobby\": one object answers for everybody, 100% of the time; <at most> some 500–1,000 requests a second.",
    ...placeIn("src/chat room.ts", "env.ROOM.getByName(LOBBY)"),
    related: [{ ...placeIn("src/chat room.ts", "LOBBY = \"lobby\""), message: "the name comes from here" }],
    subject: { binding: "ROOM", class: "Room" },
    help: "Give each room an object of its own.",
    docs: "https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/",
    fingerprint: "0123456789abcdef",
    fix: [{ span: { file: "src/chat room.ts", start: 52, end: 57 }, text: "ROOMS" }],
  },
  {
    rule: "unused-suppression",
    severity: "error",
    confidence: "medium",
    message: "Class `Room` is created with the key-value backend.",
    ...placeIn("wrangler.toml", "new_classes = [\"Room\"]"),
    related: [],
    subject: { class: "Room" },
    help: "Use new_sqlite_classes.",
    docs: "https://developers.cloudflare.com/durable-objects/reference/durable-objects-migrations/",
    fingerprint: "fedcba9876543210",
    suggestion: { description: "Create the class with SQLite, if it was never deployed.", edits: [{ span: { file: "wrangler.toml", start: 48, end: 59 }, text: "new_sqlite_classes" }] },
  },
];

/** Results of a run with these findings. */
export function resultsOf(part: Partial<LintResults> = {}): LintResults {
  return {
    findings: [],
    suppressed: [],
    baselined: [],
    diagnostics: [],
    files: 3,
    relevant: 1,
    configs: 1,
    rules: ["unused-suppression"],
    stages: [],
    ruleTimings: [],
    ...part,
  };
}

/** A reporter's input for results about `FILES`, as seen from the folder `src` below the repository. */
export function inputOf(part: Partial<LintResults> = {}, over: Partial<ReportInput> = {}): ReportInput {
  return {
    results: resultsOf(part),
    tool: { name: "do-or-d1", version: "1.2.3" },
    path: (file) => file,
    repositoryPath: (file) => `apps/chat/${file}`,
    text: (file) => FILES[file],
    asked: ["."],
    durationMs: 12.4,
    width: 80,
    color: false,
    ...over,
  };
}

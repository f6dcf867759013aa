import type { Format, Reporter } from "./report.ts";

/** Loads the reporter of a format; each only when it is asked for. */
const LOADERS = {
  pretty: async () => (await import("./pretty.ts")).formatPretty,
  json: async () => (await import("./json.ts")).formatJson,
  sarif: async () => (await import("./sarif.ts")).formatSarif,
  github: async () => (await import("./github.ts")).formatGithub,
  gitlab: async () => (await import("./gitlab.ts")).formatGitlab,
  junit: async () => (await import("./junit.ts")).formatJunit,
  markdown: async () => (await import("./markdown.ts")).formatMarkdown,
} as const satisfies Record<Format, () => Promise<Reporter>>;

/** The reporter of a format. */
export function loadReporter(format: Format): Promise<Reporter> {
  return LOADERS[format]();
}

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UserError } from "../../errors.ts";
import { loadReporter } from "../../report/index.ts";
import type { ReportInput } from "../../report/report.ts";
import type { Io } from "../io.ts";
import { usesColor, widthOf } from "../terminal.ts";
import type { OutputRequest } from "./options.ts";

/** Writes each report to its file or to standard output. */
export async function writeReports(outputs: readonly OutputRequest[], input: Omit<ReportInput, "width" | "color">, io: Io, noColor: boolean): Promise<void> {
  for (const { format, file } of outputs) {
    const reporter = await loadReporter(format);
    const toTerminal = file === undefined;
    const text = reporter({ ...input, width: toTerminal ? widthOf(io.stdout, io.env) : 100, color: toTerminal && usesColor(io.stdout, io.env, noColor) });
    if (toTerminal) io.stdout.write(text);
    else writeOutput(resolve(io.cwd, file), file, text);
  }
}

function writeOutput(path: string, shown: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError(`cannot write ${shown}: ${error instanceof Error ? error.message : String(error)}`, { place: "--output" });
  }
}

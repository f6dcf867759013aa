import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import { run } from "../../src/cli/program.ts";

/** What a command did. */
export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder with these files, gone after the test. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "do-or-d1-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

/** Writes files below a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Runs the command line tool in this process, with a scrubbed environment and streams that are no terminal. */
export async function cli(cwd: string, argv: readonly string[], options: { readonly stdin?: string; readonly env?: Io["env"]; readonly columns?: number } = {}): Promise<CliResult> {
  const out: string[] = [];
  const err: string[] = [];
  const sink = (chunks: string[]): NodeJS.WriteStream => {
    const stream = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        chunks.push(chunk.toString("utf8"));
        callback();
      },
    });
    return Object.assign(stream, options.columns === undefined ? {} : { columns: options.columns }) as unknown as NodeJS.WriteStream;
  };
  const stdin = Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]) as unknown as NodeJS.ReadStream;
  const status = await run(argv, { stdin, stdout: sink(out), stderr: sink(err), env: options.env ?? {}, cwd });
  return { status, stdout: out.join(""), stderr: err.join("") };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node-pty";

/** The built tool. */
export const TOOL = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export const KEY = { enter: "\r", up: "\u001b[A", down: "\u001b[B", space: " ", interrupt: "\u0003" } as const;

/** What one sees of a run in a pseudo-terminal, and the keys to press. */
export interface Session {
  /** All that was written, without what moves the cursor. */
  readonly seen: () => string;
  /** All that was written. */
  readonly raw: () => string;
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** Waits for a text that comes after the last key was pressed, however it is broken into lines. */
  readonly waitFor: (text: string) => Promise<void>;
  readonly exit: Promise<number>;
}

/** A temporary folder and a way to take it away. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "choose-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs the tool in a pseudo-terminal. `env` is all that it sees besides PATH and TERM. */
export function startInTerminal(args: readonly string[], options: { readonly cwd: string; readonly columns?: number; readonly env?: Readonly<Record<string, string>> }): Session {
  const terminal = spawn(process.execPath, [TOOL, ...args], { name: "xterm-256color", cols: options.columns ?? 100, rows: 50, cwd: options.cwd, env: { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", ...options.env } });
  let output = "";
  let mark = 0;
  terminal.onData((data) => (output += data));
  const exit = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  const plain = (text: string): string => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r\n", "\n");
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const waitFor = async (text: string): Promise<void> => {
    const deadline = Date.now() + 10_000;
    const isThere = (): boolean => plain(output.slice(mark)).replace(/\s+/g, " ").includes(text);
    while (!isThere()) {
      if (Date.now() > deadline) throw new Error(`"${text}" did not appear in:\n${plain(output).slice(-2000)}`);
      await pause(15);
    }
  };
  const press = async (...keys: readonly string[]): Promise<void> => {
    mark = output.length;
    for (const key of keys) {
      terminal.write(key);
      await pause(30);
    }
  };
  return { seen: () => plain(output), raw: () => output, press, waitFor, exit };
}

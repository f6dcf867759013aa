import { HTTPException } from "hono/http-exception";
import type { PagePosition } from "./chat-rooms.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** How many rows a page has: what the caller asks for, within bounds. */
export function readLimit(text: string | undefined): number {
  const asked = Number(text ?? DEFAULT_LIMIT);
  if (!Number.isInteger(asked) || asked < 1) throw bad('"limit" must be a whole number of at least 1');
  return Math.min(asked, MAX_LIMIT);
}

/** Reads what `showPosition` wrote. */
export function readPosition(text: string | undefined): PagePosition | undefined {
  if (text === undefined) return undefined;
  const dot = text.indexOf(".");
  const createdAt = Number(text.slice(0, dot));
  if (dot < 1 || !Number.isSafeInteger(createdAt)) throw bad('"before" must be the "next" of an earlier page');
  return { createdAt, id: text.slice(dot + 1) };
}

/** Where the next page begins, or null when this one was not full. */
export function showNext(page: readonly PagePosition[], limit: number): string | null {
  const last = page.at(-1);
  return last === undefined || page.length < limit ? null : `${last.createdAt}.${last.id}`;
}

/** @throws HTTPException 400 */
export function readOwner(text: string): string {
  return readText("owner", text);
}

/** @throws HTTPException 400 that names the field */
export function readName(body: unknown): string {
  return readText("name", readObject(body)["name"]);
}

/** @throws HTTPException 400 that names the field */
export function readRename(body: unknown): { readonly name: string; readonly version: number } {
  const { version } = readObject(body);
  if (typeof version !== "number" || !Number.isInteger(version)) throw bad('"version" must be the version you last saw');
  return { name: readName(body), version };
}

function readObject(body: unknown): Record<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw bad("the body must be a JSON object");
  return body as Record<string, unknown>;
}

function readText(field: string, value: unknown): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > 200) throw bad(`"${field}" must be a text of 1 to 200 characters`);
  return value.trim();
}

function bad(message: string): HTTPException {
  return new HTTPException(400, { message });
}

import { HTTPException } from "hono/http-exception";
import type { NewChatRoom, PagePosition } from "./chat-rooms.ts";

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

/** The place of a row as one text for the next page's query. */
export function showPosition(position: PagePosition): string {
  return `${position.createdAt}.${position.id}`;
}

/** @throws HTTPException 400 that names the field */
export function readNewChatRoom(body: unknown): NewChatRoom {
  const { name, ownerId, labels = [] } = readObject(body);
  if (!Array.isArray(labels) || labels.length > 20) throw bad('"labels" must be a list of at most 20 texts');
  return { name: readText("name", name), ownerId: readText("ownerId", ownerId), labels: labels.map((label) => readText("labels", label)) };
}

/** @throws HTTPException 400 that names the field */
export function readRename(body: unknown): { readonly name: string; readonly version: number } {
  const { name, version } = readObject(body);
  if (typeof version !== "number" || !Number.isInteger(version)) throw bad('"version" must be the version you last saw');
  return { name: readText("name", name), version };
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

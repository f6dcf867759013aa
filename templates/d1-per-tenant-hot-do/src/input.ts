import { HTTPException } from "hono/http-exception";
import type { NewChatRoom } from "./types.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** How many rows a page has: what the caller asks for, within bounds. */
export function readLimit(text: string | undefined): number {
  const asked = Number(text ?? DEFAULT_LIMIT);
  if (!Number.isInteger(asked) || asked < 1) throw bad('"limit" must be a whole number of at least 1');
  return Math.min(asked, MAX_LIMIT);
}

/** @throws HTTPException 400 that names the field */
export function readTime(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw bad(`"${field}" must be milliseconds since 1970`);
  return value;
}

/** @throws HTTPException 400: an id becomes part of an object's name, so it is held to a short and plain form */
export function readId(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text)) throw bad("an id has 1 to 64 letters, digits, - and _");
  return text;
}

/** @throws HTTPException 400 that names the field */
export function readNewChatRoom(body: unknown): NewChatRoom {
  const input = readObject(body);
  return { name: readText("name", input["name"], 200), capacity: readCapacity(input["capacity"]) };
}

/** @throws HTTPException 400 that names the field */
export function readHolder(body: unknown): string {
  return readText("holder", readObject(body)["holder"], 64);
}

function readCapacity(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 10_000) throw bad('"capacity" must be a whole number from 1 to 10000');
  return value;
}

function readObject(body: unknown): Record<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw bad("the body must be a JSON object");
  return body as Record<string, unknown>;
}

function readText(field: string, value: unknown, longest: number): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > longest)
    throw bad(`"${field}" must be a text of 1 to ${longest} characters`);
  return value.trim();
}

function bad(message: string): HTTPException {
  return new HTTPException(400, { message });
}

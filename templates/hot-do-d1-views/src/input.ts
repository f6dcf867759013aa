import { HTTPException } from "hono/http-exception";
import type { Command } from "./types.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** How many rows a page has: what the caller asks for, within bounds. */
export function readLimit(text: string | undefined): number {
  const asked = Number(text ?? DEFAULT_LIMIT);
  if (!Number.isInteger(asked) || asked < 1) throw bad('"limit" must be a whole number of at least 1');
  return Math.min(asked, MAX_LIMIT);
}

/** @throws HTTPException 400: an id becomes an object's name, so it is held to a short and plain form */
export function readId(text: string | undefined): string {
  if (text === undefined || !/^[\w-]{1,64}$/.test(text)) throw bad("an id has 1 to 64 letters, digits, - and _");
  return text;
}

/** @throws HTTPException 400 that names the field */
export function readNumber(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw bad(`"${field}" must be a whole number`);
  return value;
}

/** @throws HTTPException 400 that names the field */
export function readCommand(body: unknown): Command {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw bad("the body must be a JSON object");
  const { id, actor, amount } = body as Record<string, unknown>;
  if (typeof amount !== "number" || !Number.isInteger(amount) || Math.abs(amount) > 1_000_000)
    throw bad('"amount" must be a whole number between -1000000 and 1000000');
  return { id: readText("id", id), actor: readText("actor", actor), amount };
}

function readText(field: string, value: unknown): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > 64) throw bad(`"${field}" must be a text of 1 to 64 characters`);
  return value.trim();
}

function bad(message: string): HTTPException {
  return new HTTPException(400, { message });
}

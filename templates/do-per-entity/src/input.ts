import { HTTPException } from "hono/http-exception";
import type { NewMessage } from "./types.ts";

/** @throws HTTPException 400: an id becomes an object's name, so it is held to a short and plain form */
export function readId(text: string | undefined): string {
  if (text === undefined || !/^[\w-]{1,64}$/.test(text)) throw bad("an id has 1 to 64 letters, digits, - and _");
  return text;
}

/** @throws HTTPException 400 */
export function readMember(text: string | undefined): string {
  return readText("member", text, 64);
}

/** @throws HTTPException 400 */
export function readTitle(body: unknown): string {
  return readText("title", readObject(body)["title"], 200);
}

/** @throws HTTPException 400 that names the field */
export function readNewMessage(body: unknown): NewMessage {
  const { id, member, text } = readObject(body);
  return { id: readText("id", id, 64), member: readText("member", member, 64), text: readText("text", text, 4000) };
}

/** @throws HTTPException 400 */
export function readSeq(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seq = Number(text);
  if (!Number.isSafeInteger(seq)) throw bad('"before" must be the "seq" of a message');
  return seq;
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

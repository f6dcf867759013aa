import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** Header that carries the bookmarks of D1 sessions, one for each database, in requests and in responses. */
export const BOOKMARKS_HEADER = "x-d1-bookmarks";
/** Cookie that does the same for browsers, which send it along by themselves. */
export const BOOKMARKS_COOKIE = "d1-bookmarks";

/**
 * The newest bookmark of each database that the caller knows, by the database's key. A bookmark means something only to the database it came from.
 * Clients may send both header and cookie; bookmarks sort by age as text.
 */
export function readBookmarks(c: Context): ReadonlyMap<string, string> {
  const newest = new Map<string, string>();
  for (const text of [c.req.header(BOOKMARKS_HEADER), getCookie(c, BOOKMARKS_COOKIE)])
    for (const [key, bookmark] of parse(text ?? "")) if (bookmark > (newest.get(key) ?? "")) newest.set(key, bookmark);
  return newest;
}

/** Hands the bookmarks to the caller, with those of databases that this request did not touch. Call it after the queries. */
export function writeBookmarks(c: Context, known: ReadonlyMap<string, string>, used: ReadonlyMap<string, string>): void {
  const text = [...new Map([...known, ...used])].map(([key, bookmark]) => `${key}.${bookmark}`).join("_");
  if (text === "") return;
  c.header(BOOKMARKS_HEADER, text);
  setCookie(c, BOOKMARKS_COOKIE, text, { path: "/", httpOnly: true, secure: true, sameSite: "Strict" });
}

// What a caller sends is not to be trusted: words such as "first-primary" are for this Worker to choose.
function parse(text: string): readonly (readonly [string, string])[] {
  if (text.length > 4000) return [];
  return [...text.matchAll(/(?:^|_)([a-z0-9-]{1,64})\.([0-9a-f]{8}(?:-[0-9a-f]+)+)(?=_|$)/g)].map(([, key = "", bookmark = ""]) => [key, bookmark]);
}

import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** Header that carries the bookmark of a D1 session, in requests and in responses. */
export const BOOKMARK_HEADER = "x-d1-bookmark";
/** Cookie that does the same for browsers, which send it along by themselves. */
export const BOOKMARK_COOKIE = "d1-bookmark";

/**
 * The newest bookmark that the caller knows, or undefined. A session that starts from it sees at least everything the caller
 * has seen before, whichever replica answers. Clients may send both header and cookie; bookmarks sort by age as text.
 */
export function readBookmark(c: Context): string | undefined {
  return [c.req.header(BOOKMARK_HEADER), getCookie(c, BOOKMARK_COOKIE)].filter(isBookmark).sort().at(-1);
}

/** Hands the session's bookmark to the caller. Call it after the queries: before them there is nothing to hand over. */
export function writeBookmark(c: Context, bookmark: string | null): void {
  if (bookmark === null) return;
  c.header(BOOKMARK_HEADER, bookmark);
  setCookie(c, BOOKMARK_COOKIE, bookmark, { path: "/", httpOnly: true, secure: true, sameSite: "Strict" });
}

// What a caller sends is not to be trusted: words such as "first-primary" are for this Worker to choose.
function isBookmark(value: string | undefined): value is string {
  return value !== undefined && /^[0-9a-f]{8}(-[0-9a-f]+)+$/.test(value) && value.length <= 200;
}

/** Texts that stand for a value somebody has yet to fill in, compared in lower case. */
const WORDS = new Set(["id", "todo", "tbd", "fixme", "changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_me", "placeholder", "undefined", "null", "none", "unused", "local", "test", "dummy", "database_id", "database-id", "dev", "preview", "example"]);

const SHAPES: readonly RegExp[] = [
  // <YOUR_ID>, {{ id }}, ${ID}, $ID, %ID%, [id], __ID__, @@ID@@
  /[<>{}]|\$\{?\w|^%.+%$|^\[.*\]$|^__.+__$|^@@?\w+@?@?$/,
  // xxxx-xxxx, 0000, ...., ----, ****
  /^[x0.*_?-]+$/,
  /\b(?:your|my|insert|enter|replace|paste|put|fill|change|todo|placeholder|example|dummy|fake|sample|goes[-_ ]?here|from[-_ ]dashboard)\b/,
  // your_database_id, replace_with_your_id: an underscore is no word border
  /(?:^|_)(?:your|insert|replace|todo|placeholder|example|dummy|fake|sample)(?:_|$)/,
  /x{6,}/,
];

/**
 * Whether an id of a configuration is a placeholder (`<YOUR_ID>`, `xxxx-xxxx`, `{{…}}`, `$ID`, an all-zero UUID, "your-database-id", …)
 * or otherwise no id that names something real: two bindings with such an id share nothing.
 */
export function isPlaceholder(value: string): boolean {
  const text = value.trim().toLowerCase();
  if (text === "" || WORDS.has(text)) return true;
  // DATABASE_ID, "paste the id here" in any language.
  if (/^[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/.test(value.trim()) || /[^!-~]/.test(text)) return true;
  if (SHAPES.some((shape) => shape.test(text))) return true;
  // A UUID made by hand: 11111111-…, 12345678-1234-1234-1234-123456789012.
  const digits = text.replaceAll("-", "");
  return new Set(digits).size <= 2 || "0123456789012345678901234567890123456789".startsWith(digits) || "1234567890123456789012345678901234567890".startsWith(digits) || /^12345678-?1234-?1234-?1234-?123456789(?:012|abc)$/.test(text);
}

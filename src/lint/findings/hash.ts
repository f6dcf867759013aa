/**
 * A 64-bit hash of a text as 16 hexadecimal digits (two 32-bit lanes of MurmurHash-like mixing). Not for secrets: it knows a
 * finding or a file's text again, and runs where `node:crypto` does not.
 */
export function hashText(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return hex(b) + hex(a);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

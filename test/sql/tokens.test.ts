import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { significant, tokenize } from "../../src/project/sql/tokens.ts";
import { readableSql, sqlText } from "../../src/project/sql/text.ts";
import { splitStatements, statementKind } from "../../src/project/sql/statement.ts";

const kinds = (text: string): string => significant(tokenize(text)).map((token) => `${token.kind}:${token.text}`).join(" ");

describe("tokenize", () => {
  it.each<[string, string]>([
    ["SELECT a.b", "word:SELECT word:a punct:. word:b"],
    ["'it''s'||x", "string:'it''s' punct:|| word:x"],
    [`"a""b" \`c\` [d e]`, `name:"a""b" name:\`c\` name:[d e]`],
    ["? ?12 :a @b $c", "param:? param:?12 param::a param:@b param:$c"],
    ["1 1.5 .5 1e3 0xFF 1_000 1e", "number:1 number:1.5 number:.5 number:1e3 number:0xFF number:1_000 number:1 word:e"],
    ["x'ab' X'CD' x", "blob:x'ab' blob:X'CD' word:x"],
    ["a -- b ? 'c\nd /* ; ' */ e", "word:a word:d word:e"],
    ["a->>'$.b' <> c", "word:a punct:->> string:'$.b' punct:<> word:c"],
    ["größe", "word:größe"],
    ["'open", "string:'open"],
    ["/* open", ""],
    ["a-b", "word:a punct:- word:b"],
    ["CAST(a AS TEXT)::x", "word:CAST punct:( word:a word:AS word:TEXT punct:) punct:: param::x"],
  ])("%s", (text, expected) => {
    expect(kinds(text)).toBe(expected);
  });

  it("knows holes alone, in words, in strings and in parameters", () => {
    const { text } = sqlText(["SELECT ", 0, " FROM log_", 1, " WHERE a = ?", 2, " AND b LIKE '%", 3, "%' AND ", 4, "_x = \"", 5, "\""]);
    expect(significant(tokenize(text)).filter((token) => token.holes.length > 0).map((token) => [token.kind, token.holes])).toEqual([
      ["hole", [0]], ["word", [1]], ["param", [2]], ["string", [3]], ["word", [4]], ["name", [5]],
    ]);
    expect(readableSql(text)).toBe("SELECT ${…} FROM log_${…} WHERE a = ?${…} AND b LIKE '%${…}%' AND ${…}_x = \"${…}\"");
  });

  it("keeps literal text from looking like a hole", () => {
    const { text } = sqlText(["a \uE0007\uE001 b", 3]);
    expect(tokenize(text).flatMap((token) => token.holes)).toEqual([3]);
  });

  const pieces = fc.array(fc.oneof(
    fc.constantFrom("SELECT", " ", "'", '"', "`", "[", "]", "--", "/*", "*/", "\n", ";", "?", "?1", ":a", "x'", "(", ")", ".", "1e", "\uE0001\uE001", "CREATE TRIGGER t", "BEGIN", "END", "CASE"),
    fc.string({ unit: "binary", maxLength: 4 }),
  ), { maxLength: 30 }).map((parts) => parts.join(""));

  it("covers every text, token by token", () => {
    fc.assert(fc.property(pieces, (text) => {
      const tokens = tokenize(text);
      expect(tokens.map((token) => token.text).join("")).toBe(text);
      let at = 0;
      for (const token of tokens) {
        expect(token.start).toBe(at);
        expect(token.end).toBeGreaterThan(token.start);
        at = token.end;
      }
    }));
  });

  it("splitting and joining gives the text back", () => {
    fc.assert(fc.property(pieces, (text) => {
      expect(splitStatements(text).map((statement) => statement.text).join("")).toBe(text);
    }));
  });

  it("statements put together are taken apart again", () => {
    const statement = fc.constantFrom(
      "SELECT ';' FROM t", "INSERT INTO t VALUES (1)", "UPDATE t SET a = '--'", "/* ; */ DELETE FROM t",
      "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; DELETE FROM u; END", "PRAGMA x", "SELECT \"a;b\"",
    );
    fc.assert(fc.property(fc.array(statement, { minLength: 1, maxLength: 6 }), (list) => {
      const split = splitStatements(list.join(";\n") + ";");
      expect(split.map((found) => found.kind)).toEqual(list.map((text) => statementKind(text)));
    }));
  });

  it("takes time in proportion to the text", () => {
    const time = (text: string): number => {
      const start = performance.now();
      splitStatements(text);
      return performance.now() - start;
    };
    for (const unit of ["'", '"', "(", "--", "/*", "a ", "''", "?", "CASE ", "\uE000"]) {
      time(unit.repeat(2_000));
      expect(time(unit.repeat(200_000))).toBeLessThan(2_000);
    }
  });
});

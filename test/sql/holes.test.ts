import { describe, expect, it } from "vitest";
import { holeContext, type HoleContext } from "../../src/project/sql/holes.ts";
import { sqlText } from "../../src/project/sql/text.ts";

/** `#` marks the hole. */
const context = (text: string): HoleContext | undefined => holeContext(sqlText(text.split("#").flatMap((part, i) => (i === 0 ? [part] : [i - 1, part]))), 0);

describe("holeContext", () => {
  it.each<[string, HoleContext]>([
    ["#", "statement"],
    ["# WHERE a = 1", "statement"],
    ["SELECT 1; #", "statement"],
    ["SELECT * FROM t WHERE a = #", "value"],
    ["SELECT * FROM t WHERE a = '#'", "string"],
    ["SELECT * FROM t WHERE a LIKE '%#%'", "string"],
    ["SELECT * FROM t WHERE a BETWEEN 1 AND #", "value"],
    ["SELECT * FROM t WHERE a BETWEEN # AND 2", "value"],
    ["SELECT * FROM t WHERE a = 1 AND #", "condition"],
    ["SELECT * FROM t WHERE #", "condition"],
    ["SELECT * FROM t WHERE (#)", "condition"],
    ["SELECT * FROM t WHERE # = ?", "column"],
    ["SELECT * FROM t WHERE # LIKE ?", "column"],
    ["SELECT * FROM t WHERE t.# = ?", "column"],
    ["SELECT * FROM t WHERE a IN (#)", "in-list"],
    ["SELECT * FROM t WHERE a NOT IN (?, #)", "in-list"],
    ["SELECT * FROM t WHERE a IN #", "in-list"],
    ["SELECT * FROM t #", "clause"],
    ["SELECT * FROM t WHERE a = 1 #", "clause"],
    ["SELECT * FROM t # LIMIT 1", "clause"],
    ["SELECT # FROM t", "column"],
    ["SELECT a, # FROM t", "column"],
    ["SELECT count(#) FROM t", "argument"],
    ["SELECT * FROM t WHERE lower(a) = lower(#)", "argument"],
    ["SELECT * FROM #", "table"],
    ["SELECT * FROM a JOIN # ON 1", "table"],
    ["SELECT * FROM log_#", "table"],
    ["SELECT * FROM #_log WHERE a = 1", "table"],
    ["SELECT * FROM \"#\"", "table"],
    ["SELECT * FROM a, #", "table"],
    ["SELECT \"#\" FROM a", "column"],
    ["SELECT * FROM a WHERE b = \"#\"", "string"],
    ["INSERT INTO a VALUES (\"#\", 1)", "string"],
    ["INSERT INTO # VALUES (1)", "table"],
    ["INSERT INTO t (#) VALUES (1)", "column"],
    ["INSERT INTO t (a) VALUES (#)", "value"],
    ["INSERT INTO t (a) VALUES (?, #)", "value"],
    ["INSERT INTO t (a) VALUES (\"#\")", "string"],
    ["SELECT * FROM t WHERE a = \"#\"", "string"],
    ["SELECT * FROM t WHERE \"#\" = ?", "column"],
    ["UPDATE t SET a = \"#\"", "string"],
    ["SELECT a, \"#\" FROM t", "column"],
    ["INSERT INTO t (a) VALUES #", "rows"],
    ["INSERT INTO t (a) VALUES (1) #", "clause"],
    ["UPDATE # SET a = 1", "table"],
    ["UPDATE t SET #", "assignments"],
    ["UPDATE t SET # = ?", "column"],
    ["UPDATE t SET a = #", "value"],
    ["UPDATE t SET a = a + #", "value"],
    ["UPDATE t SET a = 1, # WHERE id = ?", "assignments"],
    ["DELETE FROM #", "table"],
    ["SELECT * FROM t LIMIT #", "limit"],
    ["SELECT * FROM t LIMIT 5 OFFSET #", "limit"],
    ["SELECT * FROM t ORDER BY #", "order"],
    ["SELECT * FROM t ORDER BY a #", "direction"],
    ["SELECT * FROM t ORDER BY a, #", "order"],
    ["SELECT * FROM t GROUP BY #", "order"],
    ["SELECT * FROM t WHERE a = ?#", "placeholder"],
    ["CREATE TABLE # (a)", "table"],
    ["CREATE TABLE IF NOT EXISTS # (a)", "table"],
    ["CREATE TABLE t (#)", "definition"],
    ["CREATE INDEX # ON t (a)", "name"],
    ["ALTER TABLE t ADD COLUMN #", "column"],
    ["DROP TABLE #", "table"],
    ["PRAGMA user_version = #", "value"],
    ["PRAGMA table_info(#)", "name"],
    ["SELECT 1 -- #", "comment"],
  ])("%s: %s", (text, expected) => {
    expect(context(text)).toBe(expected);
  });

  it("finds each of several holes, and none that is not there", () => {
    const sql = sqlText(["SELECT ", 4, " FROM ", 7, " WHERE a = ", 2]);
    expect([4, 7, 2, 0].map((hole) => holeContext(sql, hole))).toEqual(["column", "table", "value", undefined]);
  });
});

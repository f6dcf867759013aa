import { describe, expect, it } from "vitest";
import {
  comparisons, hasLimit, inLists, limitOf, onConflict, placeholders, pragma, returningColumns, selectsAggregateMax, setColumns, tables, valuesRows, whereColumns,
} from "../../src/project/sql/query.ts";
import { isRead, isSchemaChange, isTransactionControl, isWrite, statementKind, statementsOf, type StatementKind } from "../../src/project/sql/statement.ts";
import { sqlText } from "../../src/project/sql/text.ts";

describe("statementKind", () => {
  it.each<[string, StatementKind]>([
    ["SELECT 1", "select"],
    ["  -- hello\n select 1", "select"],
    ["VALUES (1)", "select"],
    ["WITH a AS (SELECT 1) SELECT * FROM a", "with-select"],
    ["WITH a AS (INSERT_ME) INSERT INTO t SELECT * FROM a", "insert"],
    ["WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) DELETE FROM t", "delete"],
    ["INSERT OR IGNORE INTO t VALUES (1)", "insert"],
    ["REPLACE INTO t VALUES (1)", "replace"],
    ["UPDATE t SET a = 1", "update"],
    ["CREATE TEMP TABLE t (a)", "create-table"],
    ["CREATE VIRTUAL TABLE t USING fts5(a)", "create-table"],
    ["CREATE UNIQUE INDEX i ON t (a)", "create-index"],
    ["CREATE VIEW v AS SELECT 1", "create-view"],
    ["CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END;", "create-trigger"],
    ["ALTER TABLE t ADD COLUMN a", "alter"],
    ["DROP TABLE t", "drop"],
    ["PRAGMA table_info(t)", "pragma"],
    ["BEGIN IMMEDIATE", "begin"],
    ["COMMIT", "commit"],
    ["END TRANSACTION", "commit"],
    ["ROLLBACK TO a", "rollback"],
    ["SAVEPOINT a", "savepoint"],
    ["RELEASE a", "release"],
    ["EXPLAIN QUERY PLAN SELECT 1", "explain"],
    ["VACUUM", "vacuum"],
    ["ATTACH 'a' AS b", "attach"],
    ["ANALYZE", "other"],
    ["", "empty"],
    [" ; -- nothing", "empty"],
    ["; SELECT 1", "select"],
  ])("%s", (text, kind) => {
    expect(statementKind(text)).toBe(kind);
  });

  it("a statement that begins with a hole is dynamic", () => {
    expect(statementKind(sqlText([0, " WHERE a = 1"]))).toBe("dynamic");
    expect(statementKind(sqlText(["SELECT ", 0]))).toBe("select");
  });

  it("groups", () => {
    expect(["insert", "replace", "select", "drop"].map((kind) => isWrite(kind as StatementKind))).toEqual([true, true, false, false]);
    expect(["with-select", "update"].map((kind) => isRead(kind as StatementKind))).toEqual([true, false]);
    expect(["drop", "create-index", "delete"].map((kind) => isSchemaChange(kind as StatementKind))).toEqual([true, true, false]);
    expect(["begin", "release", "other"].map((kind) => isTransactionControl(kind as StatementKind))).toEqual([true, true, false]);
  });

  it("counts statements", () => {
    expect(statementsOf("SELECT ';'; ; INSERT INTO t VALUES (1);\n-- end\n").map((statement) => statement.kind)).toEqual(["select", "insert"]);
  });
});

describe("placeholders, as sqlite3_bind_parameter_count", () => {
  it.each<[string, number]>([
    ["SELECT 1", 0],
    ["SELECT ?, ?", 2],
    ["SELECT ?1, ?1", 1],
    ["SELECT ?3", 3],
    ["SELECT ?2, ?", 3],
    ["SELECT :a, :b, :a", 2],
    ["SELECT ?, :a, ?", 3],
    ["SELECT '?', \"?\", 'a''?' -- ?\n, ?", 1],
    ["SELECT ?5, ?1, ?", 6],
  ])("%s: %i", (text, required) => {
    expect(placeholders(text).required).toBe(required);
    expect(placeholders(text).exact).toBe(true);
  });

  it("a hole may bring more, unless it stands in quotes", () => {
    expect(placeholders(sqlText(["SELECT ? WHERE a IN (", 0, ")"]))).toMatchObject({ required: 1, exact: false });
    expect(placeholders(sqlText(["SELECT ?", 0]))).toMatchObject({ exact: false });
    expect(placeholders(sqlText(["SELECT ? FROM log_", 0, " WHERE b = '", 1, "'"]))).toMatchObject({ required: 1, exact: true });
  });
});

describe("tables", () => {
  it.each<[string, string[], string[]]>([
    ["SELECT * FROM users u JOIN orders AS o ON o.uid = u.id, extra", ["users", "orders", "extra"], []],
    ["SELECT * FROM \"Users\" LEFT OUTER JOIN [my orders] USING (id)", ["Users", "my orders"], []],
    ["SELECT * FROM main.users", ["users"], []],
    ["SELECT (SELECT max(n) FROM a) FROM b WHERE x IN (SELECT y FROM c)", ["a", "b", "c"], []],
    ["WITH a AS (SELECT * FROM b) SELECT * FROM a JOIN c", ["b", "c"], []],
    ["WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n FROM a) SELECT * FROM a", [], []],
    ["SELECT * FROM json_each(?, x), t", ["t"], []],
    ["INSERT INTO t (a, b) VALUES (1, 2)", [], ["t"]],
    ["INSERT OR REPLACE INTO t SELECT * FROM s", ["s"], ["t"]],
    ["REPLACE INTO t VALUES (1)", [], ["t"]],
    ["INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", [], ["t"]],
    ["UPDATE OR IGNORE t SET a = (SELECT b FROM s) FROM u WHERE t.id = u.id", ["s", "u"], ["t"]],
    ["DELETE FROM t WHERE id IN (SELECT id FROM s)", ["s"], ["t"]],
    ["CREATE TABLE IF NOT EXISTS t (a REFERENCES s (id) ON DELETE SET NULL ON UPDATE CASCADE)", [], ["t"]],
    ["CREATE INDEX i ON t (a)", [], ["t"]],
    ["ALTER TABLE t RENAME TO s", [], ["t"]],
    ["DROP TABLE IF EXISTS t", [], ["t"]],
    ["SELECT * FROM a WHERE b IS NOT DISTINCT FROM c", ["a"], []],
    ["SELECT * FROM a UNION ALL SELECT * FROM b ORDER BY 1", ["a", "b"], []],
    ["SELECT * FROM (a JOIN b)", ["a", "b"], []],
    ["SELECT 'FROM x' FROM a", ["a"], []],
  ])("%s", (text, reads, writes) => {
    expect(tables(text)).toEqual({ reads, writes, dynamic: false });
  });

  it("a table only known at run time", () => {
    expect(tables(sqlText(["SELECT * FROM ", 0, " JOIN b"]))).toEqual({ reads: ["b"], writes: [], dynamic: true });
    expect(tables(sqlText(["DELETE FROM log_", 0]))).toEqual({ reads: [], writes: [], dynamic: true });
  });
});

describe("clauses", () => {
  it.each<[string, string[]]>([
    ["SELECT a FROM t WHERE b = ? AND t.c > 1", ["b", "c"]],
    ["UPDATE t SET a = 1 WHERE id = ? AND version = ?", ["id", "version"]],
    ["DELETE FROM t WHERE (a = 1 OR lower(b) LIKE ?) AND c IN (SELECT d FROM e WHERE f = 1)", ["a", "b", "c"]],
    ["SELECT a FROM t ORDER BY b", []],
    ["SELECT a FROM t WHERE ? = \"b\" LIMIT 1", ["b"]],
  ])("whereColumns %s", (text, expected) => {
    expect(whereColumns(text)).toEqual(expected);
  });

  it("comparisons tell operator and operand", () => {
    expect(comparisons("SELECT 1 FROM t WHERE t.a = ?1 AND b NOT IN (1, 2) AND ? < c AND d IS NOT NULL AND e BETWEEN ? AND ? OR f")).toEqual([
      { column: "a", qualifier: "t", operator: "=", negated: false, operand: "?1" },
      { column: "b", qualifier: undefined, operator: "IN", negated: true, operand: "(1, 2)" },
      { column: "c", qualifier: undefined, operator: "<", negated: false, operand: "?" },
      { column: "d", qualifier: undefined, operator: "IS", negated: true, operand: "NULL" },
      { column: "e", qualifier: undefined, operator: "BETWEEN", negated: false, operand: "?" },
      { column: "f", qualifier: undefined, operator: undefined, negated: false, operand: "" },
    ]);
  });

  it.each<[string, [string, string, boolean][]]>([
    ["UPDATE t SET a = a + 1, b = ?, c = coalesce(c, ?) WHERE id = 1", [["a", "a + 1", true], ["b", "?", false], ["c", "coalesce(c, ?)", true]]],
    ["UPDATE t SET (a, b) = (1, 2)", [["a", "(1, 2)", false], ["b", "(1, 2)", false]]],
    ["INSERT INTO t (n) VALUES (1) ON CONFLICT (n) DO UPDATE SET n = t.n + 1, m = excluded.m", [["n", "t.n + 1", true], ["m", "excluded.m", false]]],
    ["UPDATE t SET n = (SELECT max(n) FROM t WHERE a = b) RETURNING n", [["n", "(SELECT max(n) FROM t WHERE a = b)", true]]],
    ["SELECT 1", []],
  ])("setColumns %s", (text, expected) => {
    expect(setColumns(text).map((set) => [set.column, set.expression, set.fromItself])).toEqual(expected);
  });

  it("IN lists", () => {
    expect(inLists("SELECT * FROM t WHERE a IN (?, ?, 3) AND b NOT IN (SELECT c FROM d WHERE e IN (1)) AND f IN json_each")).toEqual([
      { column: "a", negated: false, items: 3, placeholders: 2, holes: [], subquery: false },
      { column: "b", negated: true, items: 1, placeholders: 0, holes: [], subquery: true },
      { column: "e", negated: false, items: 1, placeholders: 0, holes: [], subquery: false },
      { column: "f", negated: false, items: 1, placeholders: 0, holes: [], subquery: true },
    ]);
    expect(inLists(sqlText(["DELETE FROM t WHERE id IN (", 0, ") AND x IN ", 1]))).toMatchObject([{ column: "id", holes: [0], items: 1 }, { column: "x", holes: [1], subquery: false }]);
  });

  it("rows, limits, returned columns", () => {
    expect(valuesRows("INSERT INTO t VALUES (1, f(2)), (3, 4) ON CONFLICT DO NOTHING")).toEqual({ rows: 2, holes: [] });
    expect(valuesRows(sqlText(["INSERT INTO t VALUES ", 0]))).toEqual({ rows: 0, holes: [0] });
    expect([hasLimit("SELECT 1 LIMIT 5 OFFSET 2"), limitOf("SELECT 1 LIMIT 5 OFFSET 2"), hasLimit("SELECT * FROM (SELECT 1 LIMIT 1)"), hasLimit("SELECT offset FROM t")]).toEqual([true, "5", false, false]);
    expect(returningColumns("INSERT INTO t VALUES (1) RETURNING id, lower(a, b) AS x")).toEqual(["id", "lower(a, b) AS x"]);
    expect(returningColumns("SELECT 1")).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["INSERT INTO t VALUES (1)", undefined],
    ["INSERT OR IGNORE INTO t VALUES (1)", { action: "ignore", columns: [], guarded: false }],
    ["REPLACE INTO t VALUES (1)", { action: "replace", columns: [], guarded: false }],
    ["INSERT INTO t (a) VALUES (1) ON CONFLICT (a, b) DO NOTHING", { action: "ignore", columns: ["a", "b"], guarded: false }],
    ["INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1", { action: "update", columns: ["a"], guarded: false }],
    ["INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1 WHERE t.v < excluded.v", { action: "update", columns: ["a"], guarded: true }],
    ["CREATE TABLE t (a UNIQUE ON CONFLICT REPLACE)", undefined],
  ])("onConflict %s", (text, expected) => {
    expect(onConflict(text)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ["SELECT MAX(n) FROM t", { column: "n", adds: false }],
    ["SELECT COALESCE(MAX(t.n), 0) + 1 AS next FROM t", { column: "n", adds: true }],
    ["SELECT max(a, b) FROM t", undefined],
    ["SELECT n FROM t WHERE n = (SELECT MAX(n) FROM t)", undefined],
  ])("selectsAggregateMax %s", (text, expected) => {
    expect(selectsAggregateMax(text)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ["PRAGMA foreign_keys = OFF", { name: "foreign_keys", value: "off" }],
    ["pragma main.foreign_keys(0);", { name: "foreign_keys", value: "0" }],
    ["PRAGMA Foreign_Keys='off'", { name: "foreign_keys", value: "off" }],
    ["PRAGMA user_version = -1", { name: "user_version", value: "-1" }],
    ["PRAGMA optimize", { name: "optimize", value: "" }],
    ["SELECT 1", undefined],
  ])("pragma %s", (text, expected) => {
    expect(pragma(text)).toEqual(expected);
  });
});

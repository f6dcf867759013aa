import { describe, expect, it } from "vitest";
import type { Node } from "../../src/project/parse/ast.ts";
import { valuesOf } from "../../src/project/flow/values.ts";
import { body } from "./helpers.ts";

describe("dependsOn: does the argument of write depend on read()", () => {
  it.each<[string, boolean]>([
    ["write(read());", true],
    ["const x = read(); write(x);", true],
    ["const x = await read(); write(x + 1);", true],
    ["const { n } = await read(); write(n);", true],
    ["const [{ n: m = 0 }] = read(); write(m);", true],
    ["const x = read(); const y = { ...x, z: 1 }; write(y);", true],
    ["const x = read(); write(`id ${x.id}`);", true],
    ["let x = read(); x = 1; write(x);", false],
    ["let x = 1; write(x); x = read();", false],
    ["let x = 1; if (a) x = read(); write(x);", true],
    ["let n = 0; n += read(); write(n);", true],
    ["let n = read(); n += 1; write(n);", true],
    ["const o = {}; o.n = read(); write(o);", true],
    ["const list = []; list.push(read()); write(list);", true],
    ["write(a); read();", false],
    ["const x = read(); write(a);", false],
    ["const x = read(); const f = g(x); write(f);", true],
    ["const x = read(); write(a ? x : b);", true],
    ["const x = read() ?? b; write(x);", true],
    ["for (const r of read()) write(r.id);", true],
    ["for (const r of rows) { write(r); } read();", false],
    ["read().map((r) => write(r));", true],
    ["read().forEach((r, i) => write(i));", false],
    ["const sum = read().reduce((s, r) => s + r.n, 0); write(sum);", true],
    ["await read().then((x) => write(x));", true],
    ["this.n = read(); write(this.n);", true],
    ["this.n = read(); write(this.m);", false],
    ["this.n = read(); this.n = 0; write(this.n);", false],
    ["const x = read(); { const x = 1; write(x); }", false],
    ["const x = read(); write((x as number)!);", true],
    ["let x; on(() => { x = read(); }); write(x);", true],
    ["const x = read(); write(rows.filter((r) => r !== x));", true],
    ["let x = 0; while (a) { write(x); x = read(); }", true],
    ["const m = new Map(); m.set(1, read()); write(m.get(1));", true],
    ["const x = read(); write(() => x.id);", true],
    ["const x = ((v) => v)(read()); write(x);", true],
  ])("%s", (code, expected) => {
    const s = body(code);
    const call = s.flow.order.find((step) => step.node?.type === "CallExpression" && s.text(step.node).startsWith("write("))?.node;
    if (call?.type !== "CallExpression" || !call.arguments[0]) throw new Error("no write");
    expect(valuesOf(s.flow, s.file.scopes).dependsOn(call.arguments[0], s.at("read()"))).toBe(expected);
  });

  it("follows conditions when asked", () => {
    const s = body("const x = read(); let y = 1; if (x) y = 2; write(y);");
    const values = valuesOf(s.flow, s.file.scopes);
    expect(values.dependsOn(s.at("y", 2), s.at("read()"))).toBe(false);
    expect(values.dependsOn(s.at("y", 2), s.at("read()"), { control: true })).toBe(true);
  });

  it("stops at calls when asked", () => {
    const s = body("const x = hash(read()); write(x);");
    const values = valuesOf(s.flow, s.file.scopes);
    expect(values.dependsOn(s.at("x", 1), s.at("read()"))).toBe(true);
    expect(values.dependsOn(s.at("x", 1), s.at("read()"), { calls: false })).toBe(false);
  });

  it("through the calls that the caller says", () => {
    const s = body("const a = read(); const b = ask(a); const shown = format(a); write(b); keep(shown);");
    const values = valuesOf(s.flow, s.file.scopes);
    const calls = (call: Node): boolean => !s.text(call).startsWith("ask");
    expect(values.dependsOn(s.at("b", 1), s.at("read()"), { calls })).toBe(false);
    expect(values.dependsOn(s.at("shown", 1), s.at("read()"), { calls })).toBe(true);
  });
});

describe("origins and definitions", () => {
  it.each<[string, string[]]>([
    ["const x = 1; write(x);", []],
    ["write(a);", ["a"]],
    ["const x = a.b; write(`${x} ${c}`);", ["a", "c"]],
    ["let x = 'n'; if (a) x = b; write(x);", ["b"]],
    ["const x = g(a); write(x);", ["g(a)"]],
    ["write(undefined);", []],
    ["write(this.limit);", ["this.limit"]],
    ["const { x = 1 } = a; write(x);", ["a"]],
  ])("%s", (code, expected) => {
    const s = body(code);
    const call = s.flow.order.find((step) => step.node?.type === "CallExpression" && s.text(step.node).startsWith("write("))?.node;
    if (call?.type !== "CallExpression" || !call.arguments[0]) throw new Error("no write");
    const origins = valuesOf(s.flow, s.file.scopes).origins(call.arguments[0], { calls: false });
    // A field of `this` reads `this` as well, which is no origin of its own.
    expect(origins.map(s.text)).toEqual(expected);
  });

  it("lists the assignments that reach a read", () => {
    const s = body("let x = 1; if (a) x = 2; else x += 3; write(x);");
    const found = valuesOf(s.flow, s.file.scopes).definitionsOf(s.at("x", 3));
    expect(found.map(({ step, partial }) => [step.node && s.text(step.node), partial])).toEqual([["x = 1", false], ["x = 2", false], ["x += 3", true]]);
  });
});

import { describe, expect, it } from "vitest";
import type { Node } from "../../src/project/parse/ast.ts";
import { controlFlow, flowOf, runsInPlace } from "../../src/project/flow/flow.ts";
import { body, sample, type Sample } from "./helpers.ts";

const named = ({ text }: Sample, wanted: string) => (node: Node): boolean => text(node) === wanted;

describe("order", () => {
  const cases: [string, string, string[]][] = [
    ["arguments before their call", "f(g(), h());", ["g()", "h()", "f(g(), h())"]],
    ["the awaited call before the await", "const x = await g();", ["g()", "await g()", "x = await g()"]],
    ["the object of an assignment before its value", "o().p = v();", ["o()", "v()", "o().p = v()"]],
    ["callbacks run in place before their call", "rows.forEach((r) => { g(r); });", ["g(r)", "rows.forEach((r) => { g(r); })"]],
    ["functions that are only values do not run", "setTimeout(() => g(), 1);", ["setTimeout(() => g(), 1)"]],
    ["nothing after a return", "g(); return; h();", ["g()", "return;"]],
    ["nothing after an endless loop", "while (true) { g(); } h();", ["g()"]],
    ["a loop that breaks goes on", "for (;;) { if (g()) break; } h();", ["g()", "h()"]],
    ["finally once", "try { return g(); } finally { h(); }", ["g()", "return g();", "h()"]],
    ["switch evaluates tests in order", "switch (d()) { case x(): g(); default: h(); }", ["d()", "x()", "g()", "h()"]],
    ["templates and spreads", "f(...g(), `${h()} ${i()}`);", ["g()", "h()", "i()", "f(...g(), `${h()} ${i()}`)"]],
    ["deletion and updates are events", "delete a.b; a.n++; b += 1;", ["delete a.b", "a.n++", "b += 1"]],
    ["optional chains", "a?.b(g())?.c(h());", ["g()", "a?.b(g())", "h()", "a?.b(g())?.c(h())"]],
    ["defaults of destructuring", "const { x = g(), [h()]: y } = i();", ["i()", "g()", "h()", "{ x = g(), [h()]: y } = i()"]],
  ];
  it.each(cases)("%s", (_, code, expected) => {
    const { flow, text } = body(code);
    const seen = flow.order.flatMap((step) => (step.node ? [text(step.node)] : []));
    expect(seen).toEqual(expected);
  });

  it("links events both ways", () => {
    const { flow } = body("if (a) g(); else h(); i();");
    for (const step of flow.steps) for (const next of step.next) expect(next.previous).toContain(step);
  });

  it("leaves callbacks out when asked", () => {
    const s = sample("function f(rows) { rows.map((r) => g(r)); }", "value");
    expect(s.flow.has(s.at("g(r)"))).toBe(false);
  });
});

describe("everyPath", () => {
  const cases: [string, boolean, string][] = [
    ["straight", true, "p();"],
    ["one branch only", false, "if (a) p();"],
    ["both branches", true, "if (a) p(); else p();"],
    ["an early return before it", false, "if (a) return; p();"],
    ["an early throw before it", true, "if (a) throw new Error(); p();"],
    ["only in a loop over data", false, "for (const r of rows) p();"],
    ["in a do loop", true, "do { p(); } while (a);"],
    ["in a loop that ends only by break after it", true, "while (true) { p(); if (a) break; }"],
    ["right operand of &&", false, "a && p();"],
    ["left operand of &&", true, "p() && a;"],
    ["after an optional chain", false, "a?.b(p());"],
    ["in finally", true, "try { if (a) return; g(); } finally { p(); }"],
    ["in try whose errors are swallowed", false, "try { g(); p(); } catch {}"],
    ["as the first thing in try", true, "try { p(); g(); } catch {}"],
    ["in try and in catch", true, "try { g(); p(); } catch { p(); }"],
    ["in catch that throws again", true, "try { g(); p(); } catch (e) { throw e; }"],
    ["all cases but no default", false, "switch (a) { case 1: p(); break; case 2: p(); }"],
    ["all cases and default", true, "switch (a) { case 1: p(); break; default: p(); }"],
    ["fallthrough into it", true, "switch (a) { case 1: g(); default: p(); }"],
    ["continue past it", false, "do { if (a) continue; p(); } while (b);"],
    ["labelled break past it", false, "out: { if (a) break out; p(); }"],
    ["labelled continue", false, "out: for (const r of rows) { for (const q of r) { if (q) continue out; } } if (b) p();"],
    ["inside blockConcurrencyWhile", true, "await this.ctx.blockConcurrencyWhile(async () => { await p(); });"],
    ["inside transactionSync", true, "this.ctx.storage.transactionSync(() => { p(); });"],
    ["an immediately invoked function", true, "await (async () => { await p(); })();"],
    ["a return inside a callback is not the function's", true, "await db.transaction(async () => { if (a) return; g(); }); p();"],
    ["a callback of then may not run", false, "await g().then(() => p());"],
    ["no path to the exit at all", true, "throw new Error();"],
  ];
  it.each(cases)("%s: %s", (_, expected, code) => {
    const s = body(code);
    expect(s.flow.everyPath(named(s, "p()"))).toBe(expected);
  });

  it("from and to", () => {
    const s = body("g(); if (a) { p(); h(); } i();");
    expect(s.flow.everyPath(named(s, "p()"), { from: s.at("g()"), to: s.at("h()") })).toBe(true);
    expect(s.flow.everyPath(named(s, "p()"), { from: s.at("g()"), to: s.at("i()") })).toBe(false);
    expect(s.flow.everyPath(named(s, "g()"), { from: s.at("g()") })).toBe(false);
  });
});

describe("somePath", () => {
  it("goes through something, past something, and tells how", () => {
    const s = body("const n = await read(); if (a) await fetch(b); await write(n);");
    const path = s.flow.somePath({ from: s.at("await read()"), via: named(s, "await fetch(b)"), to: named(s, "write(n)") });
    expect(path?.map(s.text)).toEqual(["n = await read()", "fetch(b)", "await fetch(b)", "write(n)"]);
  });

  it("does not go through what is to be avoided", () => {
    const s = body("await read(); await fetch(b); await read(); write();");
    const query = { from: s.at("await read()"), via: named(s, "await fetch(b)"), to: named(s, "write()") };
    expect(s.flow.somePath(query)).toBeDefined();
    expect(s.flow.somePath({ ...query, avoiding: named(s, "read()") })).toBeUndefined();
  });

  it("wants `via` before `to`", () => {
    const s = body("read(); write(); await fetch(b);");
    expect(s.flow.somePath({ from: s.at("read()"), via: named(s, "await fetch(b)"), to: named(s, "write()") })).toBeUndefined();
  });

  it("goes round loops", () => {
    const s = body("for (const r of rows) { write(r); await fetch(r); }");
    expect(s.flow.somePath({ from: s.at("write(r)"), via: named(s, "await fetch(r)"), to: named(s, "write(r)") })).toBeDefined();
  });

  it("does not come back from a finally block that was entered by return", () => {
    const s = body("try { if (a) return g(); } finally { h(); } p();");
    expect(s.flow.reachable(s.at("g()"), s.at("h()"))).toBe(true);
    expect(s.flow.reachable(s.at("g()"), s.at("p()"))).toBe(false);
  });
});

describe("dominates and reachable", () => {
  it.each<[string, boolean, boolean]>([
    ["p(); q();", true, true],
    ["if (a) p(); q();", false, true],
    ["if (a) p(); else q();", false, false],
    ["q(); p();", false, false],
    ["if (a) { p(); return; } q();", false, false],
    ["try { p(); } catch {} q();", true, true],
    ["try { g(); p(); } catch {} q();", false, true],
    ["for (const r of rows) { if (r) q(); p(); }", false, true],
    ["a ? p() : q();", false, false],
    ["return; p(); q();", false, false],
  ])("%s", (code, dominates, reachable) => {
    const s = body(code);
    expect(s.flow.dominates(s.at("p()"), s.at("q()"))).toBe(dominates);
    expect(s.flow.reachable(s.at("p()"), s.at("q()"))).toBe(reachable);
  });
});

describe("inLoop", () => {
  it.each<[string, string[], (string | undefined)[]]>([
    ["p();", [], []],
    ["for (const r of rows) p();", ["for-of"], ["rows"]],
    ["for (const r of p()) g();", [], []],
    ["for (let i = 0; i < b; i++) p();", ["for"], [undefined]],
    ["for (const k in a) while (p()) g();", ["while", "for-in"], [undefined, "a"]],
    ["await Promise.all(rows.map(async (r) => { await p(); }));", ["callback"], ["rows"]],
    ["Array.from(rows, () => p());", ["callback"], ["rows"]],
    ["rows.reduce((sum, r) => sum + p(), 0);", ["callback"], ["rows"]],
    ["await a.transaction(async () => p());", [], []],
    ["do { p(); } while (a);", ["do-while"], [undefined]],
  ])("%s", (code, kinds, over) => {
    const s = body(code);
    const loops = s.flow.inLoop(s.at("p()"));
    expect(loops.map((loop) => loop.kind)).toEqual(kinds);
    expect(loops.map((loop) => loop.over && s.text(loop.over))).toEqual(over);
  });

  it("a loop is not inside itself", () => {
    const s = body("for (;;) { while (a) g(); }");
    expect(s.flow.inLoop(s.at("while (a) g();")).map((loop) => loop.kind)).toEqual(["for"]);
  });
});

describe("conditionsOn", () => {
  it.each<[string, string[]]>([
    ["p();", []],
    ["if (a) p();", ["a"]],
    ["if (!a) p();", ["not a"]],
    ["if (a) g(); else p();", ["not a"]],
    ["if (a) return; p();", ["not a"]],
    ["if (a) throw b; p();", ["not a"]],
    ["if (a) g(); p();", []],
    ["if (a && b) p();", ["a", "b"]],
    ["if (a || b) p();", ["a || b"]],
    ["if (a || b) return; p();", ["not a", "not b"]],
    ["if (!(a && b)) p();", ["not a && b"]],
    ["a && b && p();", ["a", "b"]],
    ["const x = a || p();", ["not a"]],
    ["const x = a ?? p();", ["a is nullish"]],
    ["a?.b(p());", ["a is not nullish"]],
    ["const x = a ? g() : p();", ["not a"]],
    ["a ||= p();", ["not a"]],
    ["a ??= p();", ["a is nullish"]],
    ["for (const r of rows) { if (!r.ok) continue; p(); }", ["r.ok"]],
    ["while (a) p();", ["a"]],
    ["while (a) g(); p();", ["not a"]],
    ["switch (a) { case 1: p(); }", ["a in 1"]],
    ["switch (a) { case 1: case 2: p(); }", ["a in 1,2"]],
    ["switch (a) { case 1: g(); case 2: p(); }", []],
    ["switch (a) { case 1: break; default: p(); }", ["a not in 1"]],
    ["switch (true) { case a: p(); }", ["a"]],
    ["if (a) { g(); return; } else { h(); } p();", ["not a"]],
    ["try { if (a) return; } finally { p(); }", []],
    ["if (a) { try { g(); } finally { p(); } }", ["a"]],
    ["if (!(await a.get(1))) { p(); }", ["not await a.get(1)"]],
    ["if (a) await db.transaction(async () => { if (b) return; p(); });", ["a", "not b"]],
  ])("%s", (code, expected) => {
    const s = body(code);
    const told = s.flow.conditionsOn(s.at("p()")).map(({ kind, test, holds, cases }) => {
      if (kind === "nullish") return `${s.text(test)} is ${holds ? "" : "not "}nullish`;
      if (kind === "case") return `${s.text(test)} ${holds ? "" : "not "}in ${cases.map(s.text).join()}`;
      return `${holds ? "" : "not "}${s.text(test)}`;
    });
    expect(told).toEqual(expected);
  });
});

describe("regions", () => {
  it.each<[string, boolean, boolean]>([
    ["try { p(); } catch {} ", false, false],
    ["try { g(); } catch (e) { p(); }", true, false],
    ["try { g(); } finally { p(); }", false, true],
    ["try { g(); } catch { try { h(); } finally { p(); } }", true, true],
    ["await g().catch(() => p());", true, false],
    ["await g().then(() => p());", false, false],
    ["await g().then(() => h(), () => p());", true, false],
    ["try { g(); } catch {} p();", false, false],
  ])("%s", (code, inCatch, inFinally) => {
    const s = body(code);
    expect(s.flow.isInCatch(s.at("p()"))).toBe(inCatch);
    expect(s.flow.isInFinally(s.at("p()"))).toBe(inFinally);
  });
});

describe("roots", () => {
  it("are built once", () => {
    const { fn, flow } = body("g();");
    expect(controlFlow(fn)).toBe(flow);
  });

  it("flowOf climbs out of callbacks that run in place", () => {
    const s = body("rows.map((r) => g(r)); setTimeout(() => h(), 1);");
    expect(flowOf(s.at("g(r)"))).toBe(s.flow);
    expect(flowOf(s.at("h()"))).not.toBe(s.flow);
    expect(flowOf(s.at("h()"))?.has(s.at("h()"))).toBe(true);
    expect(s.file.functions.map((fn) => runsInPlace(fn))).toEqual([false, true, false]);
  });

  it("module level has a flow too", () => {
    const { file, at } = sample("export const x = g(); if (x) h(); function f() {}");
    const flow = controlFlow(file.program);
    expect(flow.conditionsOn(at("h()"))).toHaveLength(1);
    expect(flow.dominates(at("g()"), at("h()"))).toBe(true);
  });

  it("survives deep nesting and odd syntax", () => {
    const chain = Array.from({ length: 800 }, (_, i) => `if (a === ${i}) g(${i});`).join(" else ");
    expect(body(chain).flow.has(body(chain).at("g(799)"))).toBe(false); // nodes of another parse belong to another flow
    const s = body(`${chain}\nclass K extends g() { static x = 1; m() {} }\nenum E { A }\nusing y = h();\nfor await (const z of rows) p();\nlabel: p();\n;debugger;`);
    expect(s.flow.has(s.at("h()"))).toBe(true);
    expect(s.flow.order.some((step) => step.kind === "await")).toBe(true);
  });
});

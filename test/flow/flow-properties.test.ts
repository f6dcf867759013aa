import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Node } from "../../src/project/parse/ast.ts";
import { body } from "./helpers.ts";

/** A little language without loops, with a meaning of its own that flows are held to. */
type Program =
  | { readonly kind: "call" | "return" | "throw" }
  | { readonly kind: "seq"; readonly parts: readonly Program[] }
  | { readonly kind: "if" | "and" | "tryCatch" | "tryFinally" | "ifOr"; readonly a: Program; readonly b: Program }
  | { readonly kind: "switch"; readonly cases: readonly { readonly body: Program; readonly breaks: boolean }[] };

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Program>({ kind: "call" }, { kind: "call" }, { kind: "call" }, { kind: "return" }, { kind: "throw" }),
    fc.record({ kind: fc.constant("seq" as const), parts: fc.array(tie("program"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constantFrom("if" as const, "and" as const, "tryCatch" as const, "tryFinally" as const, "ifOr" as const), a: tie("program"), b: tie("program") }),
    fc.record({ kind: fc.constant("switch" as const), cases: fc.array(fc.record({ body: tie("program"), breaks: fc.boolean() }), { minLength: 1, maxLength: 3 }) }),
  ),
}));

/** What one run does: events `e1`, outcomes of conditions `+c1`/`-c1`, and how it ends. */
interface Run {
  readonly trace: readonly string[];
  readonly end: "normal" | "return" | "throw" | "break";
}

/** The program as source and, independently of it, all of its runs. Every call may throw; it happened all the same. */
function render(root: Program): { code: string; runs: (inTry?: boolean) => Run[]; events: string[]; conditions: string[] } {
  let counter = 0;
  const events: string[] = [];
  const conditions: string[] = [];
  const event = (): string => {
    const name = `e${counter++}`;
    events.push(name);
    return name;
  };
  const condition = (): string => {
    const name = `c${counter++}`;
    conditions.push(name);
    return name;
  };
  const then = (runs: readonly Run[], next: () => readonly Run[]): Run[] => runs.flatMap((run) =>
    run.end === "normal" ? next().map((rest) => ({ trace: [...run.trace, ...rest.trace], end: rest.end })) : [run]);
  const of = (name: string): Run[] => [{ trace: [name], end: "normal" }, { trace: [name], end: "throw" }];
  const nothing: Run[] = [{ trace: [], end: "normal" }];
  type Piece = { code: string; runs: () => Run[] };
  const build = (node: Program): Piece => {
    switch (node.kind) {
      case "call": {
        const name = event();
        return { code: `${name}();`, runs: () => of(name) };
      }
      case "return":
        return { code: "return;", runs: () => [{ trace: [], end: "return" }] };
      case "throw":
        return { code: "throw 0;", runs: () => [{ trace: [], end: "throw" }] };
      case "seq": {
        const parts = node.parts.map(build);
        return { code: parts.map((part) => part.code).join(" "), runs: () => parts.reduce<Run[]>((runs, part) => then(runs, part.runs), nothing) };
      }
      case "if":
      case "and": {
        const c = condition();
        const a = build(node.a);
        const b = node.kind === "if" ? build(node.b) : undefined;
        return {
          code: b ? `if (${c}) { ${a.code} } else { ${b.code} }` : `if (!${c}) {} else { ${a.code} }`,
          runs: () => [
            ...then([{ trace: [`+${c}`], end: "normal" }], a.runs),
            ...then([{ trace: [`-${c}`], end: "normal" }], b ? b.runs : () => nothing),
          ],
        };
      }
      case "ifOr": {
        const [c, d] = [condition(), condition()];
        const a = build(node.a);
        const b = build(node.b);
        return {
          code: `if (${c} || !${d}) { ${a.code} } else { ${b.code} }`,
          runs: () => [
            ...then([{ trace: [`+${c}`], end: "normal" }], a.runs),
            ...then([{ trace: [`-${c}`, `-${d}`], end: "normal" }], a.runs),
            ...then([{ trace: [`-${c}`, `+${d}`], end: "normal" }], b.runs),
          ],
        };
      }
      case "tryCatch": {
        const a = build(node.a);
        const b = build(node.b);
        return {
          code: `try { ${a.code} } catch { ${b.code} }`,
          runs: () => a.runs().flatMap((run) => (run.end === "throw" ? then([{ trace: run.trace, end: "normal" }], b.runs) : [run])),
        };
      }
      case "tryFinally": {
        const a = build(node.a);
        const b = build(node.b);
        return {
          code: `try { ${a.code} } finally { ${b.code} }`,
          runs: () => a.runs().flatMap((run) => b.runs().map((last) => ({
            trace: [...run.trace, ...last.trace], end: last.end === "normal" ? run.end : last.end,
          }))),
        };
      }
      case "switch": {
        const discriminant = condition();
        const cases = node.cases.map(({ body: inner, breaks }) => ({ ...build(inner), breaks }));
        const from = (i: number): Run[] => cases.slice(i).reduce<Run[]>((runs, part) =>
          then(then(runs, part.runs), () => [{ trace: [], end: part.breaks ? "break" : "normal" }]), nothing);
        return {
          code: `switch (${discriminant}) { ${cases.map((part, i) => `case ${i}: { ${part.code} } ${part.breaks ? "break;" : ""}`).join(" ")} }`,
          runs: () => [...cases.flatMap((_, i) => from(i)), ...nothing].map((run) => (run.end === "break" ? { ...run, end: "normal" } : run)),
        };
      }
    }
  };
  const piece = build(root);
  return { code: piece.code, runs: piece.runs, events, conditions };
}

/** Programs of a size whose runs can still be listed. */
const programs = program.map(render).filter(({ events, conditions }) => events.length > 0 && events.length + conditions.length <= 12);
const RUNS = { numRuns: 250 };

describe("flows of programs without loops", () => {
  it("reach exactly what some run reaches, each event once", () => {
    fc.assert(fc.property(programs, ({ code, runs, events }) => {
      const s = body(code);
      const reached = new Set(runs().flatMap((run) => run.trace.filter((name) => name.startsWith("e"))));
      const calls = s.flow.order.filter((step) => step.kind === "call").map((step) => (step.node ? s.text(step.node) : ""));
      expect(new Set(calls).size).toBe(calls.length);
      expect(new Set(calls)).toEqual(new Set(events.filter((name) => reached.has(name)).map((name) => `${name}()`)));
    }), RUNS);
  });

  it("everyPath agrees with listing all runs that return", () => {
    fc.assert(fc.property(programs, ({ code, runs, events }) => {
      const s = body(code);
      const returning = runs().filter((run) => run.end !== "throw");
      for (const name of events)
        expect(s.flow.everyPath((node) => s.text(node) === `${name}()`)).toBe(returning.every((run) => run.trace.includes(name)));
    }), RUNS);
  });

  it("somePath agrees with listing all runs", () => {
    fc.assert(fc.property(programs, fc.nat(), fc.nat(), fc.nat(), ({ code, runs, events }, i, j, k) => {
      const s = body(code);
      const [from, to, not] = [i, j, k].map((n) => events[n % events.length] ?? "");
      const all = runs();
      if (!all.some((run) => run.trace.includes(from ?? ""))) return;
      const possible = all.some(({ trace }) => {
        const a = trace.indexOf(from ?? "");
        const b = trace.indexOf(to ?? "", a + 1);
        return a >= 0 && b > a && !trace.slice(a + 1, b).includes(not ?? "");
      });
      const is = (name: string | undefined) => (node: Node): boolean => s.text(node) === `${name}()`;
      const path = s.flow.somePath({ from: s.at(`${from}()`), to: is(to), avoiding: (node) => is(not)(node) && !is(to)(node) });
      expect(path !== undefined).toBe(possible);
      if (path) expect(path.map(s.text).at(-1)).toBe(`${to}()`);
    }), RUNS);
  });

  it("conditionsOn lists the outcomes that all runs to an event share", () => {
    fc.assert(fc.property(programs, ({ code, runs, events }) => {
      const s = body(code);
      const all = runs();
      for (const name of events) {
        const prefixes = all.filter((run) => run.trace.includes(name)).map((run) => run.trace.slice(0, run.trace.indexOf(name)));
        const [first, ...others] = prefixes;
        if (!first) continue;
        const shared = first.filter((entry) => /^[+-]/.test(entry) && others.every((other) => other.includes(entry)));
        const told = s.flow.conditionsOn(s.at(`${name}()`)).filter(({ kind, test }) => kind === "truthy" && test.type === "Identifier");
        const named = new Set(told.map(({ test, holds }) => `${holds ? "+" : "-"}${s.text(test)}`));
        // A `finally` is walked once for all ways into it, so of what is decided in there not everything is known: never too much.
        expect([...named].filter((entry) => !shared.includes(entry))).toEqual([]);
        if (!code.includes("finally")) expect(named).toEqual(new Set(shared));
      }
    }), RUNS);
  });
});

import { describe, expect, it } from "vitest";
import { delayOf, isRelativeToNow, numberOf } from "../../src/project/graph/objects/delays.ts";
import type { Project } from "../../src/project/graph/project.ts";
import type { Node } from "../../src/project/parse/ast.ts";
import { callsNamed, projectOf } from "./helpers.ts";

/** The argument of the only `setAlarm()` in a project. */
async function alarmTime(files: Readonly<Record<string, string>>): Promise<{ project: Project; time: Node }> {
  const project = await projectOf(files);
  const [time] = project.files.flatMap((file) => callsNamed(project, file.path, "setAlarm")).flatMap((call) => call.arguments);
  if (!time) throw new Error("no setAlarm() in the sample");
  return { project, time };
}

function inObject(time: string, before = "", fields = ""): Record<string, string> {
  return {
    "src/index.ts": `import { DurableObject } from "cloudflare:workers";\n${before}\nexport class Clock extends DurableObject<Env> { ${fields}\n async arm(given: number) { await this.ctx.storage.setAlarm(${time}); } }`,
  };
}

describe("how long after now a time lies", () => {
  it.each([
    ["set just before", "this.seen = Date.now(); await this.note();", 5_000],
    ["set on one way only", "if (given > 3) this.seen = Date.now();", undefined],
    ["set to either of two", "if (given > 3) this.seen = Date.now(); else this.seen = given;", undefined],
    ["set after", "", undefined],
  ])("a field that was %s", async (_name, before, expected) => {
    const { project, time } = await alarmTime({
      "src/index.ts": `import { DurableObject } from "cloudflare:workers";
        export class Clock extends DurableObject {
          seen = 0;
          async load(seen: number) { this.seen = seen; }
          async note() { await this.ctx.storage.put("n", 1); }
          async arm(given: number) { ${before} await this.ctx.storage.setAlarm(this.seen + 5_000); this.seen = Date.now(); }
        }`,
    });
    expect(delayOf(project, time)?.value).toBe(expected);
  });

  it.each([
    ["Date.now() + 10 * 1000", 10_000],
    ["new Date(Date.now() + 60_000)", 60_000],
    ["new Date().getTime() + 5 * 60 * 1000", 300_000],
    ["+new Date() + 250", 250],
    ["2_000 + Date.now()", 2_000],
    ["Date.now()", 0],
    ["Temporal.Now.instant().add({ seconds: 30 }).epochMilliseconds", 30_000],
    ["Temporal.Now.instant().add(Temporal.Duration.from({ minutes: 2 })).epochMilliseconds", 120_000],
    ["dayjs().add(3, 'hours').valueOf()", 10_800_000],
    ["Date.now() + Math.max(1_000, 5_000)", 5_000],
    ["Date.now() + Math.random() * 1_000", 500],
    ["Date.now() + (given ? 1_000 : 9_000)", 9_000],
  ])("%s", async (time, expected) => {
    const { project, time: node } = await alarmTime(inObject(time));
    expect(delayOf(project, node)?.value).toBe(expected);
    expect(isRelativeToNow(project, node)).toBe(true);
  });

  it.each([
    ["a constant of another file", "const next = Date.now() + EVERY;", 30_000],
    ["an enum", "enum Wait { Long = 90_000 } const next = Date.now() + Wait.Long;", 90_000],
    ["an object", "const WAIT = { poll: { ms: 3_000 } } as const; const next = Date.now() + WAIT.poll.ms;", 3_000],
    ["a helper of one expression", "const minutes = (n: number) => n * 60_000; const next = Date.now() + minutes(4);", 240_000],
  ])("follows %s", async (_, before, expected) => {
    const { project, time } = await alarmTime({ ...inObject("next", `import { EVERY } from "./every.ts";\n${before}`), "src/every.ts": "export const EVERY = 30 * 1000;" });
    expect(delayOf(project, time)?.value).toBe(expected);
  });

  it("follows fields that are set once, and says when a value is only a default", async () => {
    const field = await alarmTime(inObject("Date.now() + this.every", "", "private readonly every = 7_000;"));
    expect(delayOf(field.project, field.time)).toMatchObject({ value: 7_000, isDefault: false });
    const configured = await alarmTime(inObject("Date.now() + this.every", "", "every = Number(this.env.EVERY) || 8_000;"));
    expect(delayOf(configured.project, configured.time)).toMatchObject({ value: 8_000, isDefault: true });
  });

  it.each([
    ["what a parameter holds", "Date.now() + given", "", ""],
    ["a field that changes", "Date.now() + this.every", "", "every = 1_000; slower() { this.every *= 2; }"],
    ["a default for what the object stored", "Date.now() + (stored ?? 1_000)", "declare const stored: number | undefined;", ""],
    ["a time that is no distance from now", "given", "", ""],
    ["a calendar", "next(Date.now())", "declare function next(at: number): number;", ""],
  ])("does not know %s", async (_, time, before, fields) => {
    const { project, time: node } = await alarmTime(inObject(time, before, fields));
    expect(delayOf(project, node)).toBeUndefined();
  });
});

describe("numbers", () => {
  it("does not divide by zero, or take a text for a number", async () => {
    const { project, time } = await alarmTime(inObject("1 / 0"));
    expect(numberOf(project, time)).toBeUndefined();
    const text = await alarmTime(inObject("'soon'"));
    expect(numberOf(text.project, text.time)).toBeUndefined();
  });
});

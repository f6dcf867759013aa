import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KEY, startInTerminal, temporaryFolder, type Session } from "./choose-terminal.ts";

const KEPT = ".do-or-d1.answers.yaml";
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => void (folder = temporaryFolder()));
afterEach(() => folder.remove());

const down = (times: number): readonly string[] => Array.from({ length: times }, () => KEY.down);

/** Chooses the numbered entry of a list. */
const pick = async (session: Session, number: number): Promise<void> => {
  await session.press(String(number));
  await session.press(KEY.enter);
};

/** From the start to the atom, with the workload in one's own words. */
async function begin(session: Session): Promise<void> {
  await session.waitFor("What are you building?");
  await session.press(KEY.enter);
  await session.waitFor("In a few words");
  await session.press("a chat", KEY.enter);
  await session.waitFor("What is the atom of coordination");
}

describe("the questionnaire in a terminal", { timeout: 60_000 }, () => {
  it("goes from the first question to the verdict, skipping what can no longer matter", async () => {
    const session = startInTerminal(["choose", "--record", "decision.yaml"], { cwd: folder.path });
    await begin(session);
    await pick(session, 1);
    await session.waitFor("What do you call it?");
    await session.press("room", KEY.enter);
    await session.waitFor("in order, by one owner?");
    await pick(session, 1);
    await session.waitFor("at the same time on the hot path?");
    await pick(session, 1);
    await session.waitFor("that span many of these things?");
    await pick(session, 1);
    await session.waitFor("What does the traffic look like?");
    await pick(session, 3);
    await session.waitFor("Which live things");
    await session.press(KEY.enter);
    await session.waitFor("Which? Space ticks");
    await session.press(KEY.down, KEY.space, KEY.enter);
    await session.waitFor("more than a primitive");
    await pick(session, 1);
    await session.waitFor("Are tenants natural isolation");
    await pick(session, 1);
    await session.waitFor("Do these things come to an end?");
    await pick(session, 2);
    await session.waitFor("What shape does the data have?");
    await pick(session, 1);
    await session.waitFor("And what else?");
    await session.press(KEY.enter);
    await session.waitFor("Is there a database that must stay?");
    await pick(session, 1);
    await session.waitFor("Which Workers plan?");
    expect(session.seen()).toContain('Skipped "What a reader must see": after your answers it can no longer change anything.');
    expect(session.seen()).toContain('Skipped "Residency": after your answers it can no longer change anything.');
    expect(session.seen()).not.toContain('Skipped "Live things"');
    await pick(session, 2);
    await session.waitFor("numbers are left");
    await pick(session, 2);
    await session.waitFor("Is that right?");
    expect(session.seen()).toContain("Live things: Connections");
    await session.press(KEY.enter);
    expect(await session.exit).toBe(0);

    const seen = session.seen();
    expect(seen.indexOf("Build on both: Durable Objects and D1, one object for each room.")).toBeLessThan(seen.indexOf("\nWhy\n"));
    expect(readFileSync(join(folder.path, "decision.yaml"), "utf8")).toMatch(/^recommendation: both$/m);
    expect(existsSync(join(folder.path, KEPT))).toBe(false);
  });

  it("goes back to the question before and takes another answer", async () => {
    const session = startInTerminal(["choose", "--format", "json", "--output", "decision.json"], { cwd: folder.path });
    await begin(session);
    await pick(session, 3);
    await session.waitFor("in order, by one owner?");
    await pick(session, 5);
    await session.waitFor("What is the atom of coordination");
    await pick(session, 1);
    await session.waitFor("What do you call it?");
    await session.press("<", KEY.enter);
    await session.waitFor("What is the atom of coordination");
    await session.press(KEY.enter);
    await session.waitFor("What do you call it?");
    await session.press(KEY.interrupt);
    expect(await session.exit).toBe(130);
    expect(readFileSync(join(folder.path, KEPT), "utf8")).toMatch(/^atom: clear$/m);
  });

  it("takes don't know all the way and starts with D1", async () => {
    const session = startInTerminal(["choose"], { cwd: folder.path });
    await session.waitFor("What are you building?");
    await session.press(KEY.down, KEY.enter);
    // Number of values of each choice until the numbers; the one after them is "I don't know".
    for (const [ask, values] of [["What is the atom of coordination", 4], ["in order, by one owner?", 3], ["on the hot path?", 3], ["that span many", 3], ["traffic look like", 4], ["Which live things", 2], ["more than a primitive", 3], ["must a reader see", 3], ["isolation boundaries", 2], ["come to an end", 2], ["shape does the data", 7], ["must stay?", 3], ["Workers plan", 2]] as const) {
      await session.waitFor(ask);
      await session.press(...down(values), KEY.enter);
    }
    await session.waitFor("numbers are left");
    await pick(session, 1);
    for (const ask of ["at its peak?", "busiest single entity", "Writes per second", "How many of these", "Megabytes", "Gigabytes", "Milliseconds", "wait for the"]) {
      await session.waitFor(ask);
      await session.press(KEY.enter);
    }
    await session.waitFor("You left everything open.");
    await session.press(KEY.enter);
    expect(await session.exit).toBe(0);
    expect(session.seen()).toContain("Build on D1.");
    expect(session.seen()).toContain("0.00 (very low)");
  });

  it("keeps the answers on Ctrl-C and goes on with --resume", async () => {
    const first = startInTerminal(["choose"], { cwd: folder.path });
    await begin(first);
    await pick(first, 1);
    await first.waitFor("What do you call it?");
    await first.press("auction", KEY.enter);
    await first.waitFor("in order, by one owner?");
    await first.press(...down(3), KEY.enter);
    await first.waitFor("on the hot path?");
    await first.press(KEY.interrupt);
    expect(await first.exit).toBe(130);
    expect(first.seen()).toContain(`Your answers so far are in ${KEPT}. Go on with: do-or-d1 choose --resume`);
    expect(readFileSync(join(folder.path, KEPT), "utf8")).toContain("workload: a chat\natom: clear\natom_name: auction\nserialization: null\n");

    const second = startInTerminal(["choose", "--resume"], { cwd: folder.path });
    await second.waitFor("on the hot path?");
    expect(second.seen()).not.toContain("What is the atom of coordination");
    await pick(second, 1);
    await second.waitFor("that span many");
    await second.press(KEY.interrupt);
    expect(await second.exit).toBe(130);
    expect(readFileSync(join(folder.path, KEPT), "utf8")).toMatch(/^contention: high$/m);
  });

  it.each([
    ["no YAML", "atom: [clear\n", "cannot be read"],
    ["an unknown question", "atmo: clear\n", 'unknown question "atmo" (did you mean "atom"?)'],
    ["no map", "- atom\n", "no map of question ids"],
  ])("says what is wrong with kept answers that are %s, and leaves them", async (_, text, wanted) => {
    writeFileSync(join(folder.path, KEPT), text);
    const session = startInTerminal(["choose", "--resume"], { cwd: folder.path });
    expect(await session.exit).toBe(2);
    expect(session.seen()).toContain(KEPT);
    expect(session.seen()).toContain(wanted);
    expect(readFileSync(join(folder.path, KEPT), "utf8")).toBe(text);
  });

  it("marks what the code of a project shows, with file and line", async () => {
    writeFileSync(join(folder.path, "wrangler.toml"), 'name = "x"\nmain = "index.ts"\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\n');
    writeFileSync(join(folder.path, "index.ts"), "export default { fetch: (_: Request, env: Env) => env.DB.withSession().prepare('SELECT 1').first() };\n");
    const session = startInTerminal(["choose", "--from", "."], { cwd: folder.path });
    await session.waitFor("What are you building?");
    await session.press(KEY.down, KEY.enter);
    await session.waitFor("What is the atom of coordination");
    await pick(session, 3);
    for (const [ask, dontKnow] of [["by one owner?", 4], ["hot path?", 4], ["that span many", 4], ["traffic look like", 5], ["Which live things", 3], ["more than a primitive", 4]] as const) {
      await session.waitFor(ask);
      await pick(session, dontKnow);
    }
    await session.waitFor("The code says session: index.ts:1 asks D1 through a session.");
    await session.waitFor("must a reader see?");
    await session.press(KEY.enter);
    await session.waitFor("isolation boundaries");
    await session.press(KEY.interrupt);
    expect(await session.exit).toBe(130);
    expect(readFileSync(join(folder.path, KEPT), "utf8")).toMatch(/^consistency: session$/m);
  });

  it("stays within 40 columns", async () => {
    const session = startInTerminal(["choose"], { cwd: folder.path, columns: 40, env: { NO_COLOR: "1" } });
    await begin(session);
    await pick(session, 1);
    await session.waitFor("What do you");
    await session.press("room", KEY.enter);
    await session.waitFor("in order");
    await session.press(KEY.down);
    await session.press(KEY.interrupt);
    expect(await session.exit).toBe(130);
    const tooLong = session.seen().split("\n").filter((line) => line.length > 40 && !line.includes("What are you building") && !line.includes("In a few words"));
    // What is redrawn in place arrives as one line; each part of it was broken between words.
    expect(tooLong.filter((line) => !line.includes("- [") && !line.includes("? ["))).toEqual([]);
    expect(session.seen()).toMatch(/\? \[4\/26\] Must all operations on one\s+such thing happen in order, by one\s+owner\?/);
  });

  it("sets no colours with NO_COLOR or --no-color, and some without", async () => {
    const sgr = /\u001b\[[0-9;]*m/;
    for (const [args, env, colours] of [[["choose"], { NO_COLOR: "1" }, false], [["--no-color", "choose"], {}, false], [["choose"], {}, true]] as const) {
      const session = startInTerminal(args, { cwd: folder.path, env });
      await session.waitFor("What are you building?");
      await session.press(KEY.interrupt);
      expect(await session.exit).toBe(130);
      expect(sgr.test(session.raw()), args.join(" ")).toBe(colours);
    }
  });
});

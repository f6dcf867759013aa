import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { ChatRoom } from "../src/index.ts";
import type { Command, Outcome } from "../src/types.ts";
import { drain } from "./support/drain.ts";
import { crash, evict } from "./support/evict.ts";
import { faults } from "./support/faults.ts";

const CHAT_ROOMS = 200;
const COMMANDS_EACH = 20;
const ACTORS = ["ada", "grace", "alan"];

const at = (id: string): DurableObjectStub<ChatRoom> => env.CHAT_ROOM.getByName(id);

afterEach(() => {
  faults.before = faults.after = 0;
  vi.restoreAllMocks();
});

/** Sends a command as a good client does: with the same id until there is an answer. */
async function send(id: string, command: Command): Promise<Outcome> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      return await at(id).apply(id, command);
    } catch {
      // The object went away under the call. Whether the command was done nobody knows, so it is sent again.
    }
  }
  throw new Error(`${command.id} found no answer`);
}

async function useOne(id: string): Promise<Map<string, Command>> {
  const applied = new Map<string, Command>();
  const commands = Array.from({ length: COMMANDS_EACH }, (_, i): Command => ({
    id: `${id}-${i}`,
    actor: ACTORS[i % ACTORS.length] ?? "ada",
    amount: Math.floor(Math.random() * 10) - 3,
  }));
  for (let i = 0; i < commands.length; i += 4) {
    const together = commands.slice(i, i + 4);
    // Some are sent twice at once, as by an impatient client.
    const twice = together.filter(() => Math.random() < 0.2);
    // Evictions let calls finish, crashes do not. The runtime prints a line for each crash: they are meant.
    const disturbed = Math.random() < 0.15 ? [(Math.random() < 0.9 ? evict : crash)(at(id)).catch(() => undefined)] : [];
    const outcomes = await Promise.all([...together, ...twice].map(async (command) => [command, await send(id, command)] as const));
    await Promise.all(disturbed);
    for (const [command, outcome] of outcomes) if (outcome.status !== "refused") applied.set(command.id, command);
  }
  return applied;
}

test(`${CHAT_ROOMS * COMMANDS_EACH} commands to ${CHAT_ROOMS} objects that are evicted and killed, with a D1 that fails: nothing lost, nothing twice`, async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  faults.before = 0.2;
  faults.after = 0.2;
  const ids = Array.from({ length: CHAT_ROOMS }, (_, i) => `load-${i}`);
  const done = new Map(await Promise.all(ids.map(async (id) => [id, await useOne(id)] as const)));
  for (const id of ids) await drain(at, id);
  expect(faults.injected).toBeGreaterThan(CHAT_ROOMS / 10);

  const views = new Map(
    (await env.DB.prepare("SELECT id, seq, total FROM chat_room_views").all<{ id: string; seq: number; total: number }>()).results.map((view) => [view.id, view]),
  );
  const { results: entries } = await env.DB.prepare("SELECT chat_room_id, seq, command_id, actor, amount FROM chat_room_entries ORDER BY chat_room_id, seq").all<{
    chat_room_id: string;
    seq: number;
    command_id: string;
    actor: string;
    amount: number;
  }>();
  for (const id of ids) {
    const applied = done.get(id) ?? new Map<string, Command>();
    const state = await at(id).state();
    const total = [...applied.values()].reduce((sum, command) => sum + command.amount, 0);
    // What the clients were told, what the object says, what the view says and what the entries add up to: all the same.
    expect(state, id).toEqual(applied.size === 0 ? undefined : { seq: applied.size, total });
    expect(views.get(id), id).toEqual(state === undefined ? undefined : { id, ...state });
    const here = entries.filter((entry) => entry.chat_room_id === id);
    expect(here.map((entry) => entry.seq), id).toEqual(Array.from(applied.values(), (_, i) => i + 1));
    expect(new Map(here.map(({ command_id, actor, amount }) => [command_id, { id: command_id, actor, amount }])), id).toEqual(applied);
  }
}, 300_000);

// Three chat rooms to look at, made over the API of a running `npm run dev`. Safe to run again: a command is done once.
const base = process.argv[2] ?? "http://localhost:8787";

const commands = [
  ["first", { id: "seed-1", actor: "ada", amount: 5 }],
  ["first", { id: "seed-2", actor: "grace", amount: -2 }],
  ["second", { id: "seed-3", actor: "ada", amount: 7 }],
  ["third", { id: "seed-4", actor: "alan", amount: 1 }],
];

try {
  for (const [id, command] of commands) {
    const response = await fetch(`${base}/chat-rooms/${id}/commands`, { method: "POST", body: JSON.stringify(command) });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
  // The views follow a moment behind.
  for (const [id] of commands)
    for (let tries = 0; tries < 50; tries++) {
      const { pending } = await (await fetch(`${base}/chat-rooms/${id}/outbox`)).json();
      if (pending === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  console.log(`Seeded. Look at ${base}/chat-rooms and ${base}/actors/ada/entries`);
} catch (error) {
  console.error(`Could not seed ${base}. Is \`npm run dev\` running?`, error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

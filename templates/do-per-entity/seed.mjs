// One chat room to look at, made over the API of a running `npm run dev`. Safe to run again.
const base = process.argv[2] ?? "http://localhost:8787";

const send = async (method, path, body) => {
  const response = await fetch(`${base}${path}`, { method, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
};

try {
  await send("PUT", "/chat-rooms/lobby", { title: "Lobby" });
  await send("POST", "/chat-rooms/lobby/messages", { id: "seed-1", member: "ada", text: "Hello" });
  await send("POST", "/chat-rooms/lobby/messages", { id: "seed-2", member: "grace", text: "Hello, Ada" });
  console.log(`Seeded. Look at ${base}/chat-rooms/lobby/messages`);
} catch (error) {
  console.error(`Could not seed ${base}. Is \`npm run dev\` running?`, error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

// A few chat rooms of several owners, and so in several shards, made over the API of a running `npm run dev`.
const base = process.argv[2] ?? "http://localhost:8787";

try {
  for (const owner of ["ada", "grace", "alan", "edsger"]) {
    const address = `${base}/owners/${owner}/chat-rooms`;
    const { chatRooms } = await (await fetch(address)).json();
    // Safe to run again: who has some gets no more.
    if (chatRooms.length > 0) continue;
    for (const name of ["First", "Second"]) {
      const response = await fetch(address, { method: "POST", body: JSON.stringify({ name }) });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    }
  }
  console.log(`Seeded. Look at ${base}/chat-rooms`);
} catch (error) {
  console.error(`Could not seed ${base}. Is \`npm run dev\` running?`, error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

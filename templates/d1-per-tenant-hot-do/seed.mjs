// Two chat rooms of each tenant, made over the API of a running `npm run dev`.
const base = process.argv[2] ?? "http://localhost:8787";

const post = async (address, body) => {
  const response = await fetch(address, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
};

try {
  for (const tenant of ["acme", "globex"]) {
    const address = `${base}/tenants/${tenant}/chat-rooms`;
    const { chatRooms } = await (await fetch(address)).json();
    // Safe to run again: who has some gets no more.
    if (chatRooms.length > 0) continue;
    for (const name of ["First", "Second"]) {
      const { id } = await post(address, { name, capacity: 3 });
      await post(`${address}/${id}/claims`, { holder: "ada" });
    }
  }
  console.log(`Seeded. Look at ${base}/tenants/acme/chat-rooms`);
} catch (error) {
  console.error(`Could not seed ${base}. Is \`npm run dev\` running?`, error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

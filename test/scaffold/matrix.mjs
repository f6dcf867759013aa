// Makes every pattern on both stacks from the packed tool and puts each project through all it promises:
//   node test/scaffold/matrix.mjs [--only PATTERN] [--stack modern|node20] [--keep]
// It needs the network (npm) and some minutes, so it is not part of `npm test`: .ci/scaffold-matrix runs it.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RECORD = "do-or-d1.decision.yaml";
const WORK = mkdtempSync(join(tmpdir(), "scaffold-matrix-"));
const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);

// Each project gets an atom of its own: plain, of two words, reserved in JavaScript, reserved in SQL, not ASCII. On the modern stack it is made from a
// decision that these answers lead to, on the other from the pattern's name.
const HOT = ["atom=clear", "cross_entity_sql=frequent", "contention=high", "serialization=required"];
const CASES = [
  { pattern: "d1-single", atoms: { modern: "invoice", node20: "class" }, answers: ["atom=unclear", "read_profile=global-read-heavy"] },
  { pattern: "do-per-entity", atoms: { modern: "room", node20: "my-room" }, answers: ["atom=clear", "live=websockets,timers", "lifetime=ephemeral"] },
  { pattern: "hot-do-d1-views", atoms: { modern: "shopping cart", node20: "Straße" }, answers: HOT },
  {
    pattern: "d1-per-tenant-hot-do",
    atoms: { modern: "order", node20: "message" },
    answers: [...HOT, "tenancy=isolated-tenants", "tenants=20", "tenant_creation=known"],
  },
  { pattern: "d1-sharded", atoms: { modern: "company", node20: "value" }, answers: ["atom=unclear", "total_gb=30", "cross_entity_sql=frequent"] },
];

const results = [];
let failed = false;

try {
  const tool = await packTool();
  const nodes = { modern: await installNode24(), node20: dirname(process.execPath) };
  const stacks = Object.keys(nodes).filter((stack) => (option("--stack") ?? stack) === stack);
  // One lane for each stack: the machine has few cores, and the projects of a lane share npm's cache.
  await Promise.all(
    stacks.map(async (stack, lane) => {
      for (const [index, { pattern, atoms, answers }] of CASES.entries()) {
        if ((option("--only") ?? pattern) !== pattern) continue;
        await project({ pattern, stack, atom: atoms[stack], answers, tool, node: nodes[stack], port: 18_000 + lane * 100 + index });
      }
    }),
  );
} finally {
  if (process.argv.includes("--keep")) console.log(`kept ${WORK}`);
  else rmSync(WORK, { recursive: true, force: true, maxRetries: 3 });
}

console.log(`\n${"project".padEnd(42)}${"step".padEnd(18)}seconds`);
for (const { name, step, seconds, ok } of results) console.log(`${name.padEnd(42)}${step.padEnd(18)}${seconds.toFixed(1).padStart(7)}${ok ? "" : "  FAILED"}`);
process.exitCode = failed ? 1 : 0;

/** The tool as people get it: packed, then installed. */
async function packTool() {
  const folder = join(WORK, "tool");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const packed = await run(["npm", "pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
  await run(["npm", "install", "--silent", join(folder, packed.trim().split("\n").at(-1))], { cwd: folder });
  return join(folder, "node_modules", "do-or-d1", "dist", "cli.js");
}

/** Node 24 in a folder of its own, from npm, so that it never stands before the machine's. */
async function installNode24() {
  if (process.versions.node.startsWith("24.")) return dirname(process.execPath);
  const folder = join(WORK, "node24");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  await run(["npm", "install", "--silent", "--foreground-scripts", "node@24"], { cwd: folder });
  return join(folder, "node_modules", "node", "bin");
}

async function project({ pattern, stack, atom, answers, tool, node, port }) {
  const name = `${pattern} (${stack}, ${atom})`;
  const cwd = join(WORK, stack, pattern);
  mkdirSync(dirname(cwd), { recursive: true });
  const env = { ...process.env, PATH: `${node}${delimiter}${process.env.PATH}`, CI: "1", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
  const step = async (label, work) => {
    const start = Date.now();
    let problem;
    try {
      await (Array.isArray(work) ? run(work, { cwd, env }) : work());
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    results.push({ name, step: label, seconds: (Date.now() - start) / 1000, ok: problem === undefined });
    console.log(`${problem === undefined ? "ok  " : "FAIL"} ${name}: ${label}`);
    if (problem === undefined) return;
    failed = true;
    console.log(problem);
  };

  // No --stack: the Node that runs decides.
  const decided = join(WORK, stack, `${pattern}.decision`);
  mkdirSync(decided);
  const tooling = (...argv) => run(["node", tool, ...argv], { cwd: decided, env });
  if (stack === "modern")
    await step("choose", () => tooling("choose", ...[...answers, `atom_name=${atom}`].flatMap((answer) => ["--set", answer]), "--adr", "docs/adr", "--record", RECORD));
  await step("scaffold", async () => {
    await tooling("scaffold", cwd, ...(stack === "modern" ? [] : ["--pattern", pattern, "--atom", atom]));
    if (stack === "modern" && readdirSync(join(cwd, "docs/adr")).length !== 1) throw new Error("the ADR did not come along");
  });
  await step("npm install", ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"]);
  await step("runtime date", async () => checkRuntimeDate(cwd));
  await step("typecheck", ["npm", "run", "typecheck"]);
  await step("types --check", ["npx", "wrangler", "types", "--check"]);
  await step("test", ["npm", "test"]);
  await step("deploy --dry-run", ["npx", "wrangler", "deploy", "--dry-run"]);
  await step("lint", ["node", tool, "lint", "--profile", "strict", "--fail-on", "info", "--no-cache"]);
  if (pattern === "do-per-entity") instrument(cwd);
  await step("dev", () => withDev({ cwd, env, port }, (base, log) => (pattern === "do-per-entity" ? hibernate(base, log, cwd) : seed(base, cwd, env))));
  if (pattern === "d1-per-tenant-hot-do") {
    await step("tenant:add", ["npm", "run", "tenant:add", "--", "initech"]);
    await step("typecheck again", ["npm", "run", "typecheck"]);
    await step("test again", ["npm", "test"]);
  }
}

/** A date that is later than the runtime's is refused at start, so it must not be later than that of any workerd there is. */
function checkRuntimeDate(cwd) {
  const date = /"compatibility_date": "([\d-]+)"/.exec(readFileSync(join(cwd, "wrangler.jsonc"), "utf8"))?.[1] ?? "";
  const runtimes = readdirSync(join(cwd, "node_modules"), { recursive: true })
    .filter((path) => /(^|[\\/])workerd[\\/]package\.json$/.test(path))
    .map((path) => JSON.parse(readFileSync(join(cwd, "node_modules", path), "utf8")).version.split(".")[1]);
  if (runtimes.length === 0) throw new Error("no workerd is installed");
  for (const runtime of runtimes) if (date.replaceAll("-", "") > runtime) throw new Error(`the compatibility date ${date} is later than workerd's ${runtime}`);
}

/** Runs `npm run dev` until `work` is done. */
async function withDev({ cwd, env, port }, work) {
  const dev = spawn("npm", ["run", "dev", "--", "--port", String(port), "--inspector-port", String(port + 1000)], { cwd, env, detached: true });
  const log = { text: "" };
  for (const stream of [dev.stdout, dev.stderr]) stream.on("data", (data) => (log.text += String(data)));
  try {
    const base = `http://127.0.0.1:${port}`;
    await until(`${base} to answer`, 90_000, async () => (await fetch(base)).status > 0);
    await work(base, log);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${log.text.slice(-3000)}`);
  } finally {
    if (dev.exitCode === null) process.kill(-dev.pid, "SIGKILL");
  }
}

/** The project's own seed, and the page it says to look at. */
async function seed(base, cwd, env) {
  const { scripts } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
  if (scripts["seed:local"].includes("seed.mjs")) {
    const said = await run(["node", "seed.mjs", base], { cwd, env });
    const page = /http:\/\/\S+/.exec(said)?.[0];
    await until(`${page} to have rows`, 10_000, async () => (await (await fetch(page)).text()).includes('"id"'));
  } else {
    await run(["npm", "run", "seed:local"], { cwd, env });
    const routes = readFileSync(join(cwd, "src/index.ts"), "utf8").match(/app\.get\("(\/[\w-]+)"/);
    const answer = await fetch(`${base}${routes[1]}`);
    if (!(await answer.text()).includes("seed-3")) throw new Error(`${routes[1]} does not show the seed: ${answer.status}`);
    if (answer.headers.get("x-d1-bookmark") === null) throw new Error("no bookmark");
  }
}

/** Lets the object say when it is made, so that an eviction can be seen from outside. */
function instrument(cwd) {
  const path = readdirSync(join(cwd, "src")).map((file) => join(cwd, "src", file)).find((file) => readFileSync(file, "utf8").includes("extends DurableObject"));
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("super(ctx, env);", 'super(ctx, env);\n    console.log("OBJECT MADE");'));
}

/** Two real WebSocket clients stay connected while the object leaves memory, and lose nothing. */
async function hibernate(base, log, cwd) {
  const { WebSocket } = globalThis.WebSocket === undefined ? await import(join(cwd, "node_modules/ws/wrapper.mjs")).then((ws) => ws) : globalThis;
  const route = /app\.put\("(\/[\w-]+)\/:id"/.exec(readFileSync(join(cwd, "src/index.ts"), "utf8"))[1];
  const made = () => log.text.split("OBJECT MADE").length - 1;
  await fetch(`${base}${route}/lobby`, { method: "PUT", body: JSON.stringify({ title: "Lobby" }) });
  const connect = async (member) => {
    const events = [];
    const socket = new WebSocket(`${base.replace("http", "ws")}${route}/lobby/socket?member=${member}`);
    socket.addEventListener("message", ({ data }) => events.push(JSON.parse(String(data))));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("the socket did not open")));
    });
    return { socket, events, say: (id, text) => socket.send(JSON.stringify({ type: "say", id, text })) };
  };
  const ada = await connect("ada");
  const grace = await connect("grace");
  const heard = (client, text) => until(`"${text}" to arrive`, 10_000, () => client.events.some((event) => event.message?.text === text));
  for (let round = 1; round <= 2; round++) {
    ada.say(`a${round}`, `from ada ${round}`);
    await heard(grace, `from ada ${round}`);
    const before = made();
    // The runtime lets an idle object hibernate after some ten seconds.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    grace.say(`g${round}`, `from grace ${round}`);
    await heard(ada, `from grace ${round}`);
    await until("the object to be made again", 5_000, () => made() === before + 1);
  }
  const profile = await (await fetch(`${base}${route}/lobby`)).json();
  const sent = profile.members.map(({ member, sent }) => `${member} ${sent}`).join(", ");
  if (sent !== "ada 2, grace 2" || profile.lastSeq !== 4) throw new Error(`state was lost: ${JSON.stringify(profile)}`);
  ada.socket.close();
  grace.socket.close();
}

async function until(what, ms, holds) {
  const end = Date.now() + ms;
  for (;;) {
    try {
      if (await holds()) return;
    } catch {
      // Not yet.
    }
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Runs a command and gives its standard output; throws with all it said when it fails. */
function run([command, ...args], { cwd, env = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let all = "";
    child.stdout.on("data", (data) => ((out += String(data)), (all += String(data))));
    child.stderr.on("data", (data) => (all += String(data)));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`${command} ${args.join(" ")} ended with ${code}\n${all.slice(-6000)}`))));
  });
}

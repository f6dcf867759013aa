import { describe, expect, it } from "vitest";
import { cli, folderOf } from "../helpers/cli.ts";

interface FromCode {
  readonly recommendation: string;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly evidence?: Readonly<Record<string, readonly { readonly file: string; readonly line: number; readonly says: string }[]>>;
}

const WRANGLER = (extra: Readonly<Record<string, unknown>>): string => JSON.stringify({ name: "auction-house", main: "src/index.ts", compatibility_date: "2026-06-01", ...extra }, null, 2);
const OBJECTS = { durable_objects: { bindings: [{ name: "AUCTION", class_name: "AuctionRoomDO" }] }, migrations: [{ tag: "v1", new_sqlite_classes: ["AuctionRoomDO"] }] };

const AUCTION = `import { DurableObject } from "cloudflare:workers";

export class AuctionRoomDO extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1]);
    await this.ctx.storage.setAlarm(Date.now() + 60_000);
    this.ctx.storage.sql.exec("INSERT INTO bids (amount) VALUES (?)", 1);
    return new Response(null, { status: 101, webSocket: pair[0] });
  }
  async webSocketMessage(): Promise<void> {}
  async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}
`;
const INDEX = (address: string): string => `export { AuctionRoomDO } from "./auction";
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return env.AUCTION.getByName(${address}).fetch(request);
  },
};
`;

const from = async (files: Readonly<Record<string, string>>, ...more: readonly string[]): Promise<FromCode> => {
  const { status, stdout, stderr } = await cli(folderOf(files), ["choose", "--from", ".", "--format", "json", ...more]);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return JSON.parse(stdout) as FromCode;
};

describe("choose --from", () => {
  it("takes what the code shows, with file and line", async () => {
    const { recommendation, answers, evidence } = await from({ "wrangler.jsonc": WRANGLER(OBJECTS), "src/auction.ts": AUCTION, "src/index.ts": INDEX("new URL(request.url).pathname") });
    expect(answers).toEqual({ atom: "clear", atom_name: "auction room", cross_entity_sql: "none", live: ["timers", "websockets"], lifetime: "ephemeral", data: ["relational"] });
    expect(recommendation).toBe("durable-objects");
    expect(evidence?.["atom"]).toEqual([{ file: "src/auction.ts", line: 3, says: "Durable Object AuctionRoomDO" }]);
    expect(evidence?.["live"]?.map(({ file, line }) => `${file}:${line}`)).toEqual(["src/auction.ts:7", "src/auction.ts:6"]);
    expect(evidence?.["lifetime"]?.[0]?.line).toBe(13);
  });

  it("sees a singleton behind constant names", async () => {
    const { answers, evidence } = await from({ "wrangler.jsonc": WRANGLER(OBJECTS), "src/auction.ts": AUCTION, "src/index.ts": INDEX('"lobby"') });
    expect(answers["atom"]).toBe("global");
    expect(evidence?.["atom"]?.[0]).toMatchObject({ file: "src/index.ts", line: 4 });
  });

  it("reads databases and other stores from the configuration, and joins from queries", async () => {
    const { answers } = await from({
      "wrangler.jsonc": WRANGLER({ d1_databases: [{ binding: "DB", database_name: "shop" }], r2_buckets: [{ binding: "IMAGES", bucket_name: "images" }], hyperdrive: [{ binding: "LEGACY", id: "x" }] }),
      "package.json": JSON.stringify({ name: "auction-house", dependencies: { pg: "8.0.0" } }),
      "src/index.ts": `export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const rows = await env.DB.prepare("SELECT * FROM orders JOIN users ON users.id = orders.user").all();
    return Response.json(rows);
  },
};
`,
    });
    expect(answers).toEqual({ cross_entity_sql: "occasional", data: ["relational", "blobs"], existing_database: "postgres" });
  });

  it("lets answers that are given win, and drops evidence for what they replace", async () => {
    const { answers, evidence } = await from({ "wrangler.jsonc": WRANGLER(OBJECTS), "src/auction.ts": AUCTION, "src/index.ts": INDEX('"lobby"') }, "--set", "entities=500", "--set", "lifetime=long-lived");
    // One thing for the whole product contradicts five hundred of them, so what the code suggests gives way.
    expect(answers).not.toHaveProperty("atom");
    expect(answers["lifetime"]).toBe("long-lived");
    expect(evidence).not.toHaveProperty("lifetime");
  });

  it("shows the evidence to people", async () => {
    const folder = folderOf({ "wrangler.jsonc": WRANGLER(OBJECTS), "src/auction.ts": AUCTION, "src/index.ts": INDEX("request.url") });
    for (const format of ["pretty", "markdown", "html"]) expect((await cli(folder, ["choose", "--from", ".", "--format", format])).stdout).toContain("src/auction.ts:6 accepts WebSockets");
  });

  it.each([
    ["a folder without such code", { "src/index.ts": "export default { fetch: () => new Response() };\n" }, ".", "shows no Durable Object, database or other store"],
    ["a folder that is not there", { "a.txt": "" }, "nowhere", "there is no such folder"],
  ])("says so of %s", async (_, files, target, wanted) => {
    const { status, stdout, stderr } = await cli(folderOf(files), ["choose", "--from", target]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(wanted);
  });
});

import { describe, expect, it } from "vitest";
import { lineStarts, type Located, placeOf, type Span } from "../../src/project/span.ts";
import { effectiveEnvironments, isPlaceholder, parseWranglerJsonc, parseWranglerToml } from "../../src/project/wrangler/index.ts";
import { classHistory } from "../../src/project/wrangler/lifecycle.ts";
import type { WranglerConfig } from "../../src/project/wrangler/types.ts";

const toml = `name = "chat" # the Worker
main = "src/index.ts"
compatibility_date = "2026-01-01"
compatibility_flags = ["nodejs_compat"]
routes = ["chat.example.com/*"]

[vars]
STAGE = "top"

[triggers]
crons = ["0 * * * *"]

[[d1_databases]]
binding = "DB"
database_name = "chat"
database_id = "6f1ed3a5-6c7b-4c43-93a8-2b1a6a6f8f01"
migrations_dir = "db/migrations"

[durable_objects]
bindings = [
  { name = "ROOM", class_name = "Room" },
  { name = "OTHER", class_name = "Other", script_name = "other-worker" },
]

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]

[[migrations]]
tag = "v2"
renamed_classes = [{ from = "Room", to = "ChatRoom" }]
deleted_classes = ["Old"]

[env.staging]
name = "chat-stage"

[[env.staging.d1_databases]]
binding = "DB"
database_id = "0b0cbf1e-0f0e-4a4b-9a37-0a0a7d1c2f02"

[env.production]
compatibility_date = "2026-03-01"
`;

const jsonc = `{
  // the Worker
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-01-01",
  "compatibility_flags": ["nodejs_compat"],
  "routes": ["chat.example.com/*"],
  "vars": { "STAGE": "top" },
  "triggers": { "crons": ["0 * * * *"] },
  "d1_databases": [
    {
      "binding": "DB",
      "database_name": "chat",
      "database_id": "6f1ed3a5-6c7b-4c43-93a8-2b1a6a6f8f01",
      "migrations_dir": "db/migrations",
    },
  ],
  "durable_objects": {
    "bindings": [
      { "name": "ROOM", "class_name": "Room" },
      { "name": "OTHER", "class_name": "Other", "script_name": "other-worker" },
    ],
  },
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["Room"] },
    { "tag": "v2", "renamed_classes": [{ "from": "Room", "to": "ChatRoom" }], "deleted_classes": ["Old"] },
  ],
  "env": {
    "staging": {
      "name": "chat-stage",
      "d1_databases": [{ "binding": "DB", "database_id": "0b0cbf1e-0f0e-4a4b-9a37-0a0a7d1c2f02" }],
    },
    "production": { "compatibility_date": "2026-03-01" },
  },
}
`;

/** A configuration without places, to compare formats. */
function values(config: WranglerConfig): unknown {
  return JSON.parse(JSON.stringify({ top: config.top, environments: config.environments, otherBindings: [...config.top.otherBindings] }, (key, value: unknown) => (key === "span" || key.endsWith("Key") ? undefined : value)));
}

/** `line:column text` of a span. */
function shown(config: WranglerConfig, span: Span | undefined): string {
  if (!span) return "nowhere";
  const { line, column } = placeOf(span, lineStarts(config.text));
  return `${line}:${column} ${config.text.slice(span.start, span.end).replace(/\s+/g, " ")}`;
}

const place = (config: WranglerConfig, located: Located<unknown> | undefined): string => shown(config, located?.span);

describe("wrangler.toml and wrangler.jsonc", () => {
  const fromToml = parseWranglerToml("wrangler.toml", toml).config;
  const fromJsonc = parseWranglerJsonc("app/wrangler.jsonc", jsonc).config;

  it("say the same", () => {
    expect(values(fromToml)).toEqual(values(fromJsonc));
    expect([fromToml.dir, fromJsonc.dir, fromToml.format, fromJsonc.format]).toEqual(["", "app", "toml", "jsonc"]);
    expect(fromToml.top.durableObjects.map(({ name, className, scriptName }) => [name.value, className.value, scriptName?.value])).toEqual([["ROOM", "Room", undefined], ["OTHER", "Other", "other-worker"]]);
    expect(fromToml.top.migrations.map(({ tag, renamedClasses }) => [tag?.value, renamedClasses.map(({ from, to }) => `${from.value}>${to.value}`)])).toEqual([["v1", []], ["v2", ["Room>ChatRoom"]]]);
    expect([fromToml.top.deploys, fromToml.environments[0]?.deploys, [...fromToml.top.otherBindings]]).toEqual([true, false, [["STAGE", "var"]]]);
  });

  it("know the place of every key and value that is reported on", () => {
    expect([
      place(fromToml, fromToml.top.workerName),
      place(fromToml, fromToml.top.compatibilityDate),
      place(fromToml, fromToml.top.d1[0]?.databaseId),
      place(fromToml, fromToml.top.durableObjects[1]?.className),
      shown(fromToml, fromToml.top.durableObjects[0]?.span),
      place(fromToml, fromToml.top.migrations[1]?.tag),
      place(fromToml, fromToml.top.migrations[1]?.deletedClasses[0]),
      shown(fromToml, fromToml.top.migrations[0]?.span),
      shown(fromToml, fromToml.environments[0]?.span),
      shown(fromToml, fromToml.top.d1Key),
    ]).toEqual([
      '1:8 "chat"', '3:22 "2026-01-01"', '16:15 "6f1ed3a5-6c7b-4c43-93a8-2b1a6a6f8f01"', '22:34 "Other"', '21:3 { name = "ROOM", class_name = "Room" }', '30:7 "v2"', '32:20 "Old"',
      '25:1 [[migrations]] tag = "v1" new_sqlite_classes = ["Room"]', "34:6 staging", "13:3 d1_databases",
    ]);
    expect([
      place(fromJsonc, fromJsonc.top.workerName),
      place(fromJsonc, fromJsonc.top.d1[0]?.migrationsDir),
      place(fromJsonc, fromJsonc.top.durableObjects[0]?.className),
      shown(fromJsonc, fromJsonc.top.migrationsKey),
      shown(fromJsonc, fromJsonc.environments[1]?.span),
      place(fromJsonc, fromJsonc.environments[1]?.compatibilityDate),
    ]).toEqual(['3:11 "chat"', '15:25 "db/migrations"', '20:39 "Room"', '24:3 "migrations"', '33:5 "production"', '33:43 "2026-03-01"']);
  });

  it("keep their places with windows line ends and a byte order mark", () => {
    const config = parseWranglerToml("wrangler.toml", `\uFEFF${toml.replaceAll("\n", "\r\n")}`).config;
    expect(values(config)).toEqual(values(fromToml));
    expect(place(config, config.top.d1[0]?.databaseId)).toBe('16:15 "6f1ed3a5-6c7b-4c43-93a8-2b1a6a6f8f01"');
    const json = parseWranglerJsonc("wrangler.json", `\uFEFF${jsonc.replaceAll("\n", "\r\n")}`);
    expect([json.diagnostics, place(json.config, json.config.top.workerName)]).toEqual([[], '3:11 "chat"']);
  });

  it("take other shapes than wrangler's for nothing, without a complaint", () => {
    const odd = '{"name": 1, "main": ["x"], "durable_objects": [], "d1_databases": {"binding": "DB"}, "migrations": ["v1"], "env": "production", "exports": null, "vars": [1], "triggers": 7}';
    const { config, diagnostics } = parseWranglerJsonc("wrangler.json", odd);
    expect([diagnostics, config.environments, config.top.d1, config.top.durableObjects, config.top.migrations, config.top.workerName]).toEqual([[], [], [], [], [], undefined]);
    expect(parseWranglerJsonc("wrangler.json", "").config.top.d1).toEqual([]);
    expect(parseWranglerJsonc("wrangler.json", "[]").config.top.d1).toEqual([]);
  });

  it("give what stands before and after a syntax error, and its place", () => {
    const { config, diagnostics } = parseWranglerJsonc("wrangler.jsonc", '{\n  "name": "chat",\n  "d1_databases": [{ "binding": "DB" }\n  "main": "x.ts"\n}\n');
    expect(diagnostics).toMatchObject([{ file: "wrangler.jsonc", line: 4, column: 3 }]);
    expect([config.top.workerName?.value, config.top.d1[0]?.binding.value]).toEqual(["chat", "DB"]);
  });

  it("know the other bindings, also of products that came later", () => {
    const { config } = parseWranglerJsonc("wrangler.jsonc", JSON.stringify({
      kv_namespaces: [{ binding: "KV" }], r2_buckets: [{ binding: "FILES" }], queues: { producers: [{ binding: "Q" }], consumers: [{ queue: "jobs" }] }, ai: { binding: "AI" }, services: [{ binding: "AUTH" }],
      unsafe: { bindings: [{ name: "LIMITER", type: "ratelimit" }] }, secrets: { required: ["TOKEN"] }, new_product: { binding: "NEW" }, newer_products: [{ binding: "NEWER" }],
      workflows: [{ binding: "WF", class_name: "Flow" }, { binding: "WF2", class_name: "Far", script_name: "other" }], containers: [{ class_name: "Box" }],
    }));
    expect(Object.fromEntries(config.top.otherBindings)).toEqual({ KV: "kv", FILES: "r2", Q: "queue", AI: "ai", AUTH: "service", LIMITER: "other", TOKEN: "secret", NEW: "other", NEWER: "other", WF: "workflow", WF2: "workflow" });
    expect([config.top.queueConsumers, config.top.workflowClasses, config.top.containerClasses].map((list) => list.map(({ value }) => value))).toEqual([["jobs"], ["Flow"], ["Box"]]);
  });

  it("know the main module of a configuration from before `main`", () => {
    expect(parseWranglerToml("wrangler.toml", '[build.upload]\nformat = "modules"\nmain = "./worker.mjs"\n').config.top.main?.value).toBe("dist/worker.mjs");
  });
});

describe("environments", () => {
  const config = parseWranglerToml("wrangler.toml", toml).config;

  it("inherit name, main, compatibility and class lifecycle, but no bindings", () => {
    expect(effectiveEnvironments(config).map((environment) => [environment.kind, environment.workerName?.value, environment.main?.value, environment.compatibilityDate?.value, environment.d1.length, environment.durableObjects.length, environment.migrations.length])).toEqual([
      ["top", "chat", "src/index.ts", "2026-01-01", 1, 2, 2],
      ["named", "chat-stage", "src/index.ts", "2026-01-01", 1, 0, 2],
      ["named", "chat-production", "src/index.ts", "2026-03-01", 0, 0, 2],
    ]);
  });

  it("replace migrations and exports as a whole, also by empty ones", () => {
    const { config } = parseWranglerJsonc("wrangler.jsonc", JSON.stringify({
      migrations: [{ tag: "v1", new_sqlite_classes: ["A"] }],
      env: { a: { migrations: [] }, b: { exports: { B: { type: "durable-object", storage: "sqlite" } } }, c: {} },
      previews: { d1_databases: [{ binding: "DB" }] },
    }));
    expect(effectiveEnvironments(config).map(({ name, kind, migrations, exports, d1 }) => [name, kind, migrations.length, exports.length, d1.length])).toEqual([
      [undefined, "top", 1, 0, 0], ["a", "named", 0, 0, 0], ["b", "named", 1, 1, 0], ["c", "named", 1, 0, 0], ["previews", "previews", 1, 0, 1],
    ]);
  });
});

describe("the exports map", () => {
  it("gives Durable Object entries of every state, other types none", () => {
    const { config } = parseWranglerJsonc("wrangler.jsonc", JSON.stringify({
      exports: {
        Live: { type: "durable-object", storage: "sqlite" }, Kv: { type: "durable-object", state: "created", storage: "legacy-kv" }, Gone: { type: "durable-object", state: "deleted" },
        Old: { type: "durable-object", state: "renamed", renamed_to: "Live" }, Away: { type: "durable-object", state: "transferred", transferred_to: "w2" },
        Coming: { type: "durable-object", state: "expecting-transfer", storage: "sqlite", transfer_from: "w1" }, Admin: { type: "worker" }, Flow: { type: "workflow" }, Odd: { type: "durable-object", state: "melted" },
      },
    }));
    expect(config.top.exports.map(({ className, state, storage, renamedTo, transferredTo, transferFrom }) => [className.value, state, storage?.value, (renamedTo ?? transferredTo ?? transferFrom)?.value])).toEqual([
      ["Live", "created", "sqlite", undefined], ["Kv", "created", "legacy-kv", undefined], ["Gone", "deleted", undefined, undefined], ["Old", "renamed", undefined, "Live"],
      ["Away", "transferred", undefined, "w2"], ["Coming", "expecting-transfer", "sqlite", "w1"],
    ]);
    expect(config.top.exportsKey).toBeDefined();
    const [top] = effectiveEnvironments(config);
    const history = top && classHistory(top);
    expect([[...(history?.live.keys() ?? [])], [...(history?.gone.keys() ?? [])]]).toEqual([["Live", "Kv", "Coming"], ["Gone", "Old", "Away"]]);
  });

  it("does not count as one when it holds no Durable Object", () => {
    const { config } = parseWranglerJsonc("wrangler.jsonc", '{"exports": {"Admin": {"type": "worker"}}}');
    expect([config.top.exportsKey, config.top.exports]).toEqual([undefined, []]);
  });
});

describe("class history", () => {
  const history = (migrations: unknown) => {
    const [top] = effectiveEnvironments(parseWranglerJsonc("wrangler.jsonc", JSON.stringify({ migrations })).config);
    if (!top) throw new Error("every configuration has a top level");
    return classHistory(top);
  };

  it("follows renames back to the entry that created a class", () => {
    const { live, gone, startsLate } = history([{ tag: "1", new_classes: ["A"] }, { tag: "2", renamed_classes: [{ from: "A", to: "B" }] }, { tag: "3", renamed_classes: [{ from: "B", to: "C" }] }]);
    expect([...live].map(([name, { backend, origin }]) => [name, backend, origin.value])).toEqual([["C", "legacy-kv", "A"]]);
    expect([...gone].map(([name, { how, to }]) => [name, how, to])).toEqual([["A", "renamed", "B"], ["B", "renamed", "C"]]);
    expect(startsLate).toBe(false);
  });

  it("sees a record that begins late", () => {
    expect(history([{ tag: "7", deleted_classes: ["A"] }]).startsLate).toBe(true);
    expect(history([{ tag: "7", renamed_classes: [{ from: "A", to: "B" }] }]).startsLate).toBe(true);
    expect(history([{ tag: "7", new_sqlite_classes: ["A"] }]).startsLate).toBe(false);
  });
});

describe("placeholders", () => {
  it.each(["<YOUR_DATABASE_ID>", "your-database-id", "YOUR_D1_ID", "xxxx", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "{{ database_id }}", "${D1_ID}", "$D1_ID", "%D1_ID%", "", "TODO", "00000000-0000-0000-0000-000000000000", "11111111-1111-1111-1111-111111111111", "placeholder", "local", "replace-with-your-id", "insert_id_here", "12345678-1234-1234-1234-123456789012", "__DB_ID__", "...", "D1_LOCAL_ID", "ID_DE_PRODUCCION", "hier die ID einsetzen", "여기에"])("%s is one", (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it.each(["6f1ed3a5-6c7b-4c43-93a8-2b1a6a6f8f01", "0b0cbf1e-0f0e-4a4b-9a37-0a0a7d1c2f02", "f0e1d2c3b4a5968778695a4b3c2d1e0f", "chat-production-db", "00000000-0000-4000-8000-00000000002a"])("%s is none", (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });
});

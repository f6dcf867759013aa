import { describe, expect, it } from "vitest";
import { lineStarts, placeOf } from "../../src/project/span.ts";
import { parseCloudflareConfig } from "../../src/project/wrangler/typescript.ts";

const full = `import { bindings, defineWorker, exports, triggers } from "@cloudflare/config";
import * as entrypoint from "./src/index.ts" with { type: "cf-worker" };

const shared = { LOG: bindings.analyticsEngineDataset() };

export default defineWorker({
  name: "chat",
  entrypoint,
  compatibilityDate: "2026-09-01",
  compatibilityFlags: ["nodejs_compat"],
  env: {
    ...shared,
    DB: bindings.d1({ name: "chat", id: "6f1ed3a5-6c7b-4c43-93a8-2b1a6a6f8f01" }),
    ROOM: bindings.durableObject({ workerName: "chat", exportName: "Room" }),
    FAR: bindings.durableObject({ workerName: "other", exportName: "Far" }),
    TEXT: bindings.text("x"),
    FILES: { type: "r2", name: "files" },
  },
  exports: {
    Room: exports.durableObject({ storage: "sqlite" }),
    Old: exports.durableObject({ state: "renamed", renamedTo: "Room" }),
    Admin: exports.worker({ cache: { enabled: true } }),
  },
  triggers: [triggers.scheduled({ schedule: "0 * * * *" }), triggers.queue({ name: "jobs" }), triggers.fetch({ pattern: "example.com/*" })],
});
`;

describe("cloudflare.config.ts", () => {
  it("gives what a wrangler configuration gives, with places", () => {
    const { configs: [config], diagnostics } = parseCloudflareConfig("app/cloudflare.config.ts", full);
    expect(diagnostics).toEqual([]);
    if (!config) throw new Error("no configuration");
    const { top } = config;
    expect([config.dir, config.format, top.workerName?.value, top.main?.value, top.compatibilityDate?.value, top.compatibilityFlags?.map(({ value }) => value), top.deploys]).toEqual(["app", "typescript", "chat", "./src/index.ts", "2026-09-01", ["nodejs_compat"], true]);
    expect(top.d1.map(({ binding, databaseName, databaseId }) => [binding.value, databaseName?.value, databaseId?.value])).toEqual([["DB", "chat", "6f1ed3a5-6c7b-4c43-93a8-2b1a6a6f8f01"]]);
    expect(top.durableObjects.map(({ name, className, scriptName }) => [name.value, className.value, scriptName?.value])).toEqual([["ROOM", "Room", undefined], ["FAR", "Far", "other"]]);
    expect(top.exports.map(({ className, state, storage, renamedTo }) => [className.value, state, storage?.value, renamedTo?.value])).toEqual([["Room", "created", "sqlite", undefined], ["Old", "renamed", undefined, "Room"]]);
    expect([Object.fromEntries(top.otherBindings), top.crons[0]?.value, top.queueConsumers[0]?.value]).toEqual([{ LOG: "analytics", TEXT: "var", FILES: "r2" }, "0 * * * *", "jobs"]);
    const starts = lineStarts(full);
    const lineOf = (span: { file: string; start: number; end: number } | undefined): number | undefined => span && placeOf(span, starts).line;
    expect([lineOf(top.workerName?.span), lineOf(top.main?.span), lineOf(top.d1[0]?.databaseId?.span), lineOf(top.durableObjects[0]?.className.span), lineOf(top.exports[0]?.className.span)]).toEqual([7, 2, 13, 14, 20]);
  });

  it.each([
    ["a plain object", 'export default { type: "worker", name: "x" };'],
    ["the former helper", 'import { defineConfig } from "@cloudflare/config";\nexport default defineConfig({ name: "x" });'],
    ["a function", 'export default defineWorker((ctx) => ({ name: "x", env: { MODE: bindings.text(`${ctx.mode}`) } }));'],
    ["an async function with a body", 'export default defineWorker(async () => { const a = 1; return { name: "x" }; });'],
    ["a constant", 'const config = defineWorker({ name: "x" } satisfies Config);\nexport default config;'],
    ["a spread", 'const base = { name: "x" };\nexport default defineWorker({ ...base, compatibilityDate: "2026-09-01" });'],
  ])("reads %s", (_, text) => {
    const { configs, diagnostics } = parseCloudflareConfig("cloudflare.config.ts", text);
    expect([configs[0]?.top.workerName?.value, diagnostics]).toEqual(["x", []]);
  });

  it("never runs the file, and leaves out what only running it would tell", () => {
    const { configs } = parseCloudflareConfig("cloudflare.config.ts", 'process.exit(1);\nimport { ID } from "./ids";\nexport default defineWorker({ name: process.env.NAME, env: { DB: bindings.d1({ id: ID, name: pick() }) } });');
    expect([configs[0]?.top.workerName, configs[0]?.top.d1.map(({ binding, databaseId, databaseName }) => [binding.value, databaseId, databaseName])]).toEqual([undefined, [["DB", undefined, undefined]]]);
  });

  it("says when there is nothing to read, and where a syntax error is", () => {
    expect(parseCloudflareConfig("cloudflare.config.ts", "const a = 1;\nexport default makeIt();")).toMatchObject({ configs: [], diagnostics: [{ line: 2, column: 1 }] });
    expect(parseCloudflareConfig("cloudflare.config.ts", "export const settings = {};").diagnostics).toHaveLength(1);
    expect(parseCloudflareConfig("cloudflare.config.ts", "export default {\n  name: \n};").diagnostics).toMatchObject([{ file: "cloudflare.config.ts", line: 3 }]);
  });
});

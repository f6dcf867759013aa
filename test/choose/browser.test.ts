import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("the engine and its renderers bundle for a browser: nothing of Node is in them", async () => {
  const src = fileURLToPath(new URL("../../src/choose/", import.meta.url));
  const result = await build({
    stdin: { contents: ["decide", "answers", "playbook", "relevance", "render/html", "render/markdown", "render/pretty", "render/json"].map((name) => `export * from "./${name}.ts";`).join("\n"), resolveDir: src, loader: "ts" },
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  expect(result.errors).toEqual([]);
  expect(result.outputFiles[0]?.text).not.toMatch(/\brequire\(|from "node:/);
});

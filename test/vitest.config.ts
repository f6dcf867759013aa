import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/projects/**", "test/fixtures/**"],
    // `.ci/run` counts tests from a report in JSON.
    reporters: process.env["TEST_REPORT"] ? ["default", ["json", { outputFile: process.env["TEST_REPORT"] }]] : ["default"],
    testTimeout: 20_000,
  },
});

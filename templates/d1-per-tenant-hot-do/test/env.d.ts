declare namespace Cloudflare {
  interface Env {
    /** The files of migrations/, read by vitest.config.ts. There is no such binding outside the tests. */
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}

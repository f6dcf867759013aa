export { type DiscoverOptions, checkoutOf, discover, discoverTree } from "./discover.ts";
export { findRoot } from "./disk.ts";
export { DEFAULT_TEST_GLOBS, globMatcher } from "./globs.ts";
export { packageOf, resolveFile, resolveImport } from "./resolve.ts";
export { type AliasMap, tsconfigPathsFor } from "./tsconfig.ts";
export type { Checkout, PackageInfo } from "./types.ts";

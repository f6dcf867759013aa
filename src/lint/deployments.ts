import { isInside } from "../paths.ts";
import type { Checkout } from "../project/discover/types.ts";
import type { WranglerConfig } from "../project/wrangler/types.ts";

/** Names of environments that people run on their own machine. */
const LOCAL_NAME = /^(?:local\w*|dev|devel|develop|development|test|tests|testing|vitest|ci|e2e|sandbox)$/i;

/** Names of environments that serve the public. */
const PRODUCTION_NAME = /^(?:prod|production|live|prd)$/i;

/** Whether an environment is named for production. */
export function isProductionName(name: string): boolean {
  return PRODUCTION_NAME.test(name);
}

/** Whether an environment is named for use on a developer's machine or in tests. */
export function isLocalName(name: string): boolean {
  return LOCAL_NAME.test(name);
}

/** Whether a script or a workflow of the checkout deploys the environment by name. */
export function isDeployed(checkout: Checkout, config: WranglerConfig, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const named = new RegExp(`(?:--env|-e)[ =]["']?${escaped}\\b|CLOUDFLARE_ENV=["']?${escaped}\\b`);
  const deploys = /\b(?:deploy|publish|versions\s+upload)\b/;
  const scripts = checkout.packages.filter(({ dir }) => isInside(config.dir, dir) || isInside(dir, config.dir)).flatMap(({ scripts }) => [...scripts.values()]);
  if (scripts.some((script) => deploys.test(script) && named.test(script))) return true;
  return checkout.others.some((file) => {
    const text = /\.(?:ya?ml|sh|bash)$/.test(file) ? (checkout.read(file) ?? "") : "";
    return text.split("\n").some((line) => deploys.test(line) && named.test(line)) || (deploys.test(text) && new RegExp(`^\\s*environment:\\s*["']?${escaped}["']?\\s*$`, "m").test(text) && text.includes("wrangler-action"));
  });
}

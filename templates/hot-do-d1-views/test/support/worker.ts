import { ChatRoom as Real } from "../../src/index.ts";
import { withFaults } from "./faults.ts";

export { default } from "../../src/index.ts";

/** The real class on a database that fails as often as a test says. */
export class ChatRoom extends Real {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, { ...env, DB: withFaults(env.DB) });
  }
}

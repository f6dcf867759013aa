/** Classes of packages that are Durable Objects, as `rules/platform/known-apis.yaml` lists them. */
export interface KnownBase {
  readonly module: string;
  readonly name: string;
  /** `always`: sockets hibernate; `option`: with `static options = { hibernate: true }`; `never`: or no sockets of its own. */
  readonly hibernates: "always" | "option" | "never";
  /** Methods that the base has, so that a class without them is still complete. */
  readonly handlers: readonly string[];
  /** Methods the base calls on every wake-up. */
  readonly wakeHooks: readonly string[];
  /** Methods a subclass overrides to handle requests, messages and the like. */
  readonly entryMethods: readonly string[];
  /** The base calls `deleteAll()` somewhere in its own life cycle. */
  readonly deletesAll: boolean;
  /** The base manages the alarm itself (schedules of its own). */
  readonly ownsAlarm: boolean;
  /** Objects know the name they were asked for by as `this.name`. */
  readonly keepsName?: boolean;
  /** Methods of the base that wait for something outside the object: a Workflow, another server. */
  readonly outside?: readonly string[];
}

/** A package's function that gives a stub. */
export interface KnownStubHelper {
  readonly module: string;
  readonly name: string;
  readonly namespaceArgument: number;
  readonly nameArgument?: number;
  /** Used when the name argument is left out. */
  readonly defaultName?: string;
  /** The helper picks among a number of objects by itself. */
  readonly spreads?: boolean;
}

/** A package's function that addresses objects by what a request says. */
export interface KnownRouter {
  readonly module: string;
  readonly name: string;
}

export interface KnownOrm {
  readonly module: string;
  readonly name: string;
  readonly library: string;
  readonly target: "d1" | "do" | "unknown";
}

/** A package's function that gives back what runs the function it is given. */
export interface KnownWrapper {
  readonly module: string;
  readonly name: string;
}

export interface KnownApis {
  readonly bases: readonly KnownBase[];
  readonly stubHelpers: readonly KnownStubHelper[];
  readonly routers: readonly KnownRouter[];
  readonly orms: readonly KnownOrm[];
  readonly wrappers: readonly KnownWrapper[];
}

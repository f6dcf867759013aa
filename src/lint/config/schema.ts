/** What a value in the configuration file may be. Serves the reader (errors with the nearest valid key) and the published JSON schema. */
export type Shape =
  | { readonly kind: "string"; readonly description: string; readonly values?: readonly string[] }
  | { readonly kind: "list"; readonly description: string; readonly of: Shape }
  | { readonly kind: "map"; readonly description: string; readonly keys?: readonly string[]; readonly of: Shape }
  | { readonly kind: "object"; readonly description: string; readonly required?: readonly string[]; readonly oneOf?: readonly string[]; readonly keys: Readonly<Record<string, Shape>> };

const RATINGS = ["off", "info", "warning", "error"];

/** The shape of `do-or-d1.yaml`, given the ids of all rules. */
export function configShape(ruleIds: readonly string[]): Shape & { readonly kind: "object" } {
  return {
    kind: "object",
    description: "Configuration of do-or-d1 for the files in and below its folder.",
    keys: {
      profile: { kind: "string", description: "recommended (the default) is quiet enough for CI; strict adds rules that ask for judgement and findings of low confidence.", values: ["recommended", "strict"] },
      rules: {
        kind: "map", description: "Severity of single rules. A rule named here runs in every profile.", keys: ruleIds,
        of: { kind: "string", description: "off, or the severity to report.", values: RATINGS },
      },
      databases: {
        kind: "map", description: "What wrangler's configuration cannot say about D1 databases, by binding or database name.",
        of: {
          kind: "object", description: "One D1 database.",
          keys: { read_replication: { kind: "string", description: "The mode that is set in the dashboard or through the REST API.", values: ["auto", "disabled"] } },
        },
      },
      singletons: {
        kind: "object", description: "Durable Objects that are meant to be one of a kind.",
        keys: {
          allow: {
            kind: "list", description: "Accepted singletons; each names a class, a binding or an object name, and says why.",
            of: {
              kind: "object", description: "One accepted singleton.", required: ["reason"], oneOf: ["class", "binding", "name"],
              keys: {
                class: { kind: "string", description: "Name of the Durable Object class." },
                binding: { kind: "string", description: "Name of the binding in env." },
                name: { kind: "string", description: "Name that the object is addressed by." },
                reason: { kind: "string", description: "Why one object is enough." },
              },
            },
          },
        },
      },
      lookup_tables: { kind: "list", description: "Small tables that may be scanned (sql-full-scan).", of: { kind: "string", description: "Name of a table." } },
      ignore: { kind: "list", description: "Files to leave out: globs, relative to the configuration's folder.", of: { kind: "string", description: "A glob." } },
      tests: {
        kind: "list", description: "Which files are tests: globs, relative to the configuration's folder. Replaces the default. Tests are linted with --include-tests only.",
        of: { kind: "string", description: "A glob." },
      },
      baseline: { kind: "string", description: "Baseline file of accepted old findings, relative to the configuration's folder. The option --baseline goes first." },
    },
  };
}

/** The JSON schema of the configuration, for editors. */
export function configJsonSchema(ruleIds: readonly string[]): object {
  return { $schema: "http://json-schema.org/draft-07/schema#", title: "do-or-d1 configuration", ...jsonSchema(configShape(ruleIds)) };
}

function jsonSchema(shape: Shape): Record<string, unknown> {
  const { description } = shape;
  switch (shape.kind) {
    case "string":
      return { description, ...(shape.values ? { enum: shape.values } : { type: "string" }) };
    case "list":
      return { description, type: "array", items: jsonSchema(shape.of) };
    case "map":
      return shape.keys
        ? { description, type: "object", additionalProperties: false, properties: Object.fromEntries(shape.keys.map((key) => [key, jsonSchema(shape.of)])) }
        : { description, type: "object", additionalProperties: jsonSchema(shape.of) };
    case "object":
      return {
        description, type: "object", additionalProperties: false,
        properties: Object.fromEntries(Object.entries(shape.keys).map(([key, of]) => [key, jsonSchema(of)])),
        ...(shape.required && { required: shape.required }),
        ...(shape.oneOf && { anyOf: shape.oneOf.map((key) => ({ required: [key] })) }),
      };
  }
}

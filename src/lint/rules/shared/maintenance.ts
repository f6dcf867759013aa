import type { Node } from "../../../project/parse/ast.ts";
import { isClass, isFunction, keyName } from "../../../project/parse/ast.ts";
import type { SourceFile } from "../../../project/parse/source-file.ts";

const PATH = /(?:^|\/)(?:migrations?|migrate|seeds?|seeders?|fixtures|mock[\w-]*|mocks|scripts|(?:[\w-]+-)?cli)\/|(?:^|[/_.-])(?:migrations?|migrate|seed(?:er|ing)?|fixtures?|mock|mock-db)(?:[._-][\w-]+)*\.[cm]?[jt]sx?$|(?:^|\/)(?:db[-_]?)?init(?:iali[sz]e)?(?:[-_]?(?:db|database|schema))?\.[cm]?[jt]s$/i;
const NAME = /^(?:run|apply|do|_)?(?:migrat\w*|seed\w*|backfill\w*|populate\w*)|Migrations?$|(?:^|_)migrat(?:e|ion)s?(?:_|$)|^(?:ensure|init|initiali[sz]e|create|setup|set_up|prepare|reset)_?\w*(?:schema|tables?|database|db)$/i;

/** Code that people run by hand or once a release, where nobody waits for an answer: migration runners, seeds, scripts. */
export function isMaintenance(file: SourceFile, node: Node): boolean {
  if (PATH.test(file.path)) return true;
  for (let current: Node | undefined = node; current; current = current.parent ?? undefined) {
    if (isFunction(current)) {
      const { parent } = current;
      const name = current.id?.name
        ?? (parent?.type === "VariableDeclarator" && parent.id.type === "Identifier" ? parent.id.name : undefined)
        ?? (parent?.type === "MethodDefinition" || parent?.type === "Property" || parent?.type === "PropertyDefinition" ? keyName(parent.key, parent.computed) : undefined);
      if (name !== undefined && NAME.test(name)) return true;
    } else if (isClass(current) && current.id && /Migrat(?:or|ion)/.test(current.id.name)) return true;
  }
  return false;
}

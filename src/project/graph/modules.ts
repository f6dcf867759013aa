import type { Class, FunctionNode, Node } from "../parse/ast.ts";
import { isClass, isFunction, isMember, propertyName, unwrap } from "../parse/ast.ts";
import { nodesOf, type SourceFile } from "../parse/source-file.ts";
import type { Variable } from "../parse/scopes.ts";
import type { Project } from "./project.ts";

/** What a name stands for, found through imports and re-exports. */
export type Definition =
  | { readonly type: "function"; readonly file: SourceFile; readonly node: FunctionNode }
  | { readonly type: "class"; readonly file: SourceFile; readonly node: Class }
  | { readonly type: "variable"; readonly file: SourceFile; readonly variable: Variable }
  | { readonly type: "expression"; readonly file: SourceFile; readonly node: Node }
  | { readonly type: "type"; readonly file: SourceFile; readonly node: Node }
  | { readonly type: "module"; readonly file: SourceFile }
  /** A package, or a module that is not in the checkout. `name` is `default`, `*`, or an export's name. */
  | { readonly type: "external"; readonly module: string; readonly name: string };

type Export =
  | { readonly local: Variable }
  | { readonly node: Node }
  | { readonly typeNode: Node }
  | { readonly from: string; readonly name: string };

interface ExportTable {
  readonly named: ReadonlyMap<string, Export>;
  readonly stars: readonly string[];
}

const tables = new WeakMap<SourceFile, ExportTable>();

/** Names a module exports by itself or by name from others; `export *` sources are followed. Types count too. */
export function exportNames(project: Project, file: SourceFile, seen = new Set<SourceFile>()): Set<string> {
  const names = new Set<string>();
  if (seen.has(file)) return names;
  seen.add(file);
  const table = exportTable(file);
  for (const name of table.named.keys()) names.add(name);
  for (const source of table.stars) {
    const target = project.importedFile(file, source);
    if (target) for (const name of exportNames(project, target, seen)) if (name !== "default") names.add(name);
  }
  return names;
}

/** Whether some `export *` of the module leads to a place that cannot be read, so that its exports are not fully known. */
export function hasUnknownExports(project: Project, file: SourceFile, seen = new Set<SourceFile>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  return exportTable(file).stars.some((source) => {
    const target = project.importedFile(file, source);
    return target === undefined || hasUnknownExports(project, target, seen);
  });
}

/** What `name` means when imported from `file`. */
export function resolveExport(project: Project, file: SourceFile, name: string, seen = new Set<string>()): Definition | undefined {
  const key = `${file.path}\0${name}`;
  if (seen.has(key)) return undefined;
  seen.add(key);
  const table = exportTable(file);
  const found = table.named.get(name);
  if (found) {
    if ("local" in found) return resolveVariable(project, file, found.local, seen);
    if ("typeNode" in found) return { type: "type", file, node: found.typeNode };
    if ("node" in found) return definitionOf(project, file, found.node, seen);
    return resolveImport(project, file, found.from, found.name, seen);
  }
  for (const source of table.stars) {
    const target = project.importedFile(file, source);
    const result = target ? resolveExport(project, target, name, seen) : undefined;
    if (result) return result;
  }
  return undefined;
}

/** What `import { name } from "specifier"` in `file` means. `*` is the module itself. */
export function resolveImport(project: Project, file: SourceFile, specifier: string, name: string, seen = new Set<string>()): Definition | undefined {
  const target = project.importedFile(file, specifier);
  if (!target) return { type: "external", module: specifier, name };
  return name === "*" ? { type: "module", file: target } : resolveExport(project, target, name, seen);
}

/** What a variable stands for: follows imports, and gives functions and classes themselves. */
export function resolveVariable(project: Project, file: SourceFile, variable: Variable, seen = new Set<string>()): Definition | undefined {
  const { declaration } = variable;
  if (variable.kind === "import") {
    const statement = declaration.parent;
    if (statement?.type !== "ImportDeclaration") return undefined;
    const name = declaration.type === "ImportSpecifier" ? importedName(declaration.imported) : declaration.type === "ImportDefaultSpecifier" ? "default" : "*";
    return resolveImport(project, file, statement.source.value, name, seen);
  }
  if (variable.kind === "function" && isFunction(declaration)) return { type: "function", file, node: declaration };
  if (variable.kind === "class" && isClass(declaration)) return { type: "class", file, node: declaration };
  if (declaration.type === "VariableDeclarator" && declaration.id.type === "Identifier" && declaration.init) {
    const init = unwrap(declaration.init);
    if (isFunction(init)) return { type: "function", file, node: init };
    if (isClass(init)) return { type: "class", file, node: init };
    const required = requiredModule(init);
    if (required !== undefined) return resolveImport(project, file, required, "*", seen);
  }
  return { type: "variable", file, variable };
}

function definitionOf(project: Project, file: SourceFile, node: Node, seen: Set<string>): Definition | undefined {
  const value = unwrap(node);
  if (isFunction(value)) return { type: "function", file, node: value };
  if (isClass(value)) return { type: "class", file, node: value };
  if (value.type === "Identifier") {
    const variable = file.scopes.resolve(value);
    return variable ? resolveVariable(project, file, variable, seen) : undefined;
  }
  return { type: "expression", file, node: value };
}

function importedName(node: Node): string {
  return node.type === "Identifier" ? node.name : node.type === "Literal" ? String(node.value) : "";
}

function requiredModule(node: Node): string | undefined {
  if (node.type !== "CallExpression" || node.callee.type !== "Identifier" || node.callee.name !== "require") return undefined;
  const [argument] = node.arguments;
  return argument?.type === "Literal" && typeof argument.value === "string" ? argument.value : undefined;
}

function exportTable(file: SourceFile): ExportTable {
  const known = tables.get(file);
  if (known) return known;
  const named = new Map<string, Export>();
  const stars: string[] = [];
  const exportVariable = (name: string, exported = name): void => {
    const variable = file.scopes.lookup(name, file.program);
    if (variable) named.set(exported, { local: variable });
    else {
      const type = file.scopes.type(name);
      if (type) named.set(exported, { typeNode: type.declaration });
    }
  };
  for (const statement of nodesOf(file, "ExportNamedDeclaration")) {
    const { declaration, source } = statement;
    if (declaration) for (const name of declaredNames(declaration)) exportVariable(name);
    for (const specifier of statement.specifiers) {
      const exported = importedName(specifier.exported);
      if (source) named.set(exported, { from: source.value, name: importedName(specifier.local) });
      else exportVariable(importedName(specifier.local), exported);
    }
  }
  for (const statement of nodesOf(file, "ExportDefaultDeclaration")) named.set("default", { node: statement.declaration });
  for (const statement of nodesOf(file, "ExportAllDeclaration")) {
    if (statement.exported) named.set(importedName(statement.exported), { from: statement.source.value, name: "*" });
    else stars.push(statement.source.value);
  }
  for (const assignment of nodesOf(file, "AssignmentExpression")) commonJsExport(assignment, named);
  const table = { named, stars };
  tables.set(file, table);
  return table;
}

function commonJsExport(assignment: Extract<Node, { type: "AssignmentExpression" }>, named: Map<string, Export>): void {
  const { left, right } = assignment;
  if (!isMember(left) || left.object.type !== "Identifier") {
    if (isMember(left) && isMember(left.object) && left.object.object.type === "Identifier" && left.object.object.name === "module") {
      const name = propertyName(left);
      if (name !== undefined && propertyName(left.object) === "exports") named.set(name, { node: right });
    }
    return;
  }
  const name = propertyName(left);
  if (name === undefined) return;
  if (left.object.name === "exports") named.set(name, { node: right });
  else if (left.object.name === "module" && name === "exports") {
    named.set("default", { node: right });
    if (right.type === "ObjectExpression")
      for (const property of right.properties)
        if (property.type === "Property" && property.key.type === "Identifier") named.set(property.key.name, { node: property.value });
  }
}

function declaredNames(declaration: Node): string[] {
  switch (declaration.type) {
    case "VariableDeclaration":
      return declaration.declarations.flatMap((declarator) => patternNames(declarator.id));
    case "FunctionDeclaration":
    case "TSDeclareFunction":
    case "ClassDeclaration":
    case "TSEnumDeclaration":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return declaration.id ? [declaration.id.name] : [];
    default:
      return [];
  }
}

/** The names that a binding pattern declares. */
export function patternNames(pattern: Node | null): string[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) => patternNames(property.type === "RestElement" ? property.argument : property.value));
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => patternNames(element));
    case "AssignmentPattern":
      return patternNames(pattern.left);
    case "RestElement":
      return patternNames(pattern.argument);
    default:
      return [];
  }
}

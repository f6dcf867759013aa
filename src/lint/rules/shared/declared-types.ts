import type { CallExpression, Node } from "../../../project/parse/ast.ts";
import { callbackOf, calleeMember, calleeName, isFunction, isMember, keyName, propertyName, thisClass, unwrap } from "../../../project/parse/ast.ts";
import type { Variable } from "../../../project/parse/scopes.ts";
import type { SourceFile } from "../../../project/parse/source-file.ts";
import type { Project } from "../../../project/graph/project.ts";

const MAX_DEPTH = 6;

/** Whether a value can only be a number, a boolean, or one of a few texts, by the types that the code declares. */
export function isHarmlessByType(project: Project, node: Node): boolean {
  const type = declaredType(project, node, 0);
  return type !== undefined && isHarmless(project, type, 0);
}

/** Whether a type, by its name or by what it extends, is one of those that `isMeant` knows: `AuthRequest` of `interface AuthRequest extends Request`. */
export function isTypeNamed(project: Project, type: Node, isMeant: (name: string) => boolean, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  switch (type.type) {
    case "TSTypeReference": {
      if (type.typeName.type !== "Identifier") return false;
      if (isMeant(type.typeName.name)) return true;
      const declaration = typeDeclaration(project, type.typeName);
      return declaration !== undefined && isTypeNamed(project, declaration, isMeant, depth + 1);
    }
    case "TSInterfaceDeclaration":
      return type.extends.some(({ expression }) => expression.type === "Identifier" && isMeant(expression.name));
    case "TSTypeAliasDeclaration":
      return isTypeNamed(project, type.typeAnnotation, isMeant, depth + 1);
    case "TSIntersectionType":
      return type.types.some((part) => isTypeNamed(project, part, isMeant, depth + 1));
    default:
      return false;
  }
}

/** Whether the elements of a list are, by their declared type, of a closed set of texts: a handful at most. */
export function isClosedList(project: Project, node: Node): boolean {
  let type = declaredType(project, node, 0);
  for (let depth = 0; type && depth < MAX_DEPTH; depth++) {
    if (type.type === "TSTypeOperator") type = type.typeAnnotation;
    else if (type.type === "TSArrayType") return isClosedElement(project, type.elementType, 0);
    else if (type.type !== "TSTypeReference" || type.typeName.type !== "Identifier") return false;
    else {
      const [argument]: readonly Node[] = type.typeArguments?.params ?? [];
      if (/^(?:Array|ReadonlyArray|Set|ReadonlySet)$/.test(type.typeName.name)) return argument !== undefined && isClosedElement(project, argument, 0);
      const declaration: Node | undefined = typeDeclaration(project, type.typeName);
      type = declaration?.type === "TSTypeAliasDeclaration" ? declaration.typeAnnotation : undefined;
    }
  }
  return false;
}

/** Whether the declared type of an object names all of its properties. */
export function hasNamedProperties(project: Project, node: Node): boolean {
  const type = declaredType(project, node, 0);
  return type !== undefined && isNamed(project, type, 0);
}

function isNamed(project: Project, type: Node, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  switch (type.type) {
    case "TSInterfaceDeclaration":
      return !type.body.body.some((member) => member.type === "TSIndexSignature");
    case "TSTypeLiteral":
      return !type.members.some((member) => member.type === "TSIndexSignature");
    case "TSIntersectionType":
      return type.types.every((part) => isNamed(project, part, depth + 1));
    case "TSTypeAliasDeclaration":
      return isNamed(project, type.typeAnnotation, depth + 1);
    // Types taken from a value, `typeof user.$inferInsert`, `(typeof schema)["_type"]`: the value names them.
    case "TSTypeQuery":
      return true;
    case "TSIndexedAccessType":
      return type.indexType.type === "TSLiteralType" && project.text(type.objectType).includes("typeof ");
    case "TSTypeReference": {
      // `z.infer<typeof schema>`: schemas name their properties.
      if (type.typeName.type === "TSQualifiedName") return /^(?:infer|input|output|Infer|InferOutput|InferInput)$/.test(type.typeName.right.name);
      if (type.typeName.type !== "Identifier") return false;
      const [argument] = type.typeArguments?.params ?? [];
      if (argument && /^(?:Partial|Required|Readonly|Pick|Omit|NonNullable)$/.test(type.typeName.name)) return isNamed(project, argument, depth + 1);
      const declaration = typeDeclaration(project, type.typeName);
      if (declaration) return isNamed(project, declaration, depth + 1);
      // A type of a package or of a file out of sight: an open-ended one would rather be written out.
      return project.fileOf(type).scopes.lookup(type.typeName.name, type)?.kind === "import";
    }
    default:
      return false;
  }
}

/** Literals, enums, keys: not objects. */
function isClosedElement(project: Project, type: Node, depth: number): boolean {
  if (type.type === "TSTypeLiteral" || type.type === "TSInterfaceDeclaration") return false;
  if (type.type === "TSTypeReference" && type.typeName.type === "Identifier") {
    const declaration = typeDeclaration(project, type.typeName);
    if (declaration?.type === "TSInterfaceDeclaration") return false;
    if (declaration?.type === "TSTypeAliasDeclaration") return isClosedElement(project, declaration.typeAnnotation, depth + 1);
    return isEnum(project, type.typeName);
  }
  return type.type === "TSLiteralType" || type.type === "TSUnionType" || type.type === "TSIndexedAccessType" || type.type === "TSTypeOperator"
    ? isHarmless(project, type, depth + 1) && !mentionsKeyword(type) : false;
}

/** `number`, `boolean`: types with no end of values. */
function mentionsKeyword(type: Node): boolean {
  return type.type === "TSUnionType" ? type.types.some(mentionsKeyword) : type.type === "TSNumberKeyword" || type.type === "TSBigIntKeyword";
}

function isHarmless(project: Project, type: Node, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  switch (type.type) {
    case "TSNumberKeyword":
    case "TSBooleanKeyword":
    case "TSBigIntKeyword":
    case "TSNullKeyword":
    case "TSUndefinedKeyword":
    case "TSNeverKeyword":
    case "TSLiteralType":
      return true;
    case "TSUnionType":
      return type.types.every((part) => isHarmless(project, part, depth + 1));
    case "TSArrayType":
      return isHarmless(project, type.elementType, depth + 1);
    case "TSTypeOperator":
      return type.operator === "keyof" || isHarmless(project, type.typeAnnotation, depth + 1);
    // `(typeof COLUMNS)[number]`
    case "TSIndexedAccessType":
      return type.indexType.type === "TSNumberKeyword" && type.objectType.type === "TSTypeQuery";
    case "TSParenthesizedType":
      return isHarmless(project, type.typeAnnotation, depth + 1);
    case "TSTypeReference": {
      if (type.typeName.type !== "Identifier") return type.typeName.type === "TSQualifiedName" && isEnum(project, type.typeName.left);
      const [argument] = type.typeArguments?.params ?? [];
      if (/^(?:Array|ReadonlyArray|Set|ReadonlySet|Promise|NonNullable|Readonly)$/.test(type.typeName.name)) return argument !== undefined && isHarmless(project, argument, depth + 1);
      if (isEnum(project, type.typeName)) return true;
      const declaration = typeDeclaration(project, type.typeName);
      return declaration?.type === "TSTypeAliasDeclaration" && isHarmless(project, declaration.typeAnnotation, depth + 1);
    }
    default:
      return false;
  }
}

/** The declaration of a type's name, in the file or where it is imported from. */
function typeDeclaration(project: Project, name: Node): Node | undefined {
  if (name.type !== "Identifier") return undefined;
  const file = project.fileOf(name);
  const local = file.scopes.type(name.name);
  if (local) return local.declaration;
  const variable = file.scopes.lookup(name.name, name);
  const definition = variable?.kind === "import" ? project.definitionOf(variable.node) : undefined;
  return definition?.type === "type" ? definition.node : undefined;
}

function isEnum(project: Project, name: Node): boolean {
  if (name.type !== "Identifier") return false;
  const variable = project.fileOf(name).scopes.lookup(name.name, name);
  if (variable?.kind === "enum") return true;
  const definition = variable?.kind === "import" ? project.definitionOf(variable.node) : undefined;
  return definition?.type === "variable" && definition.variable.kind === "enum";
}

/** The type that the code declares for an expression's value; undefined when it declares none. */
function declaredType(project: Project, raw: Node, depth: number): Node | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const node = unwrap(raw);
  const file = project.fileOf(node);
  switch (node.type) {
    case "Identifier": {
      const variable = file.scopes.resolve(node);
      if (!variable || variable.kind === "import") return undefined;
      const own = annotationOf(variable.node);
      if (own) return own;
      return patternType(project, file, variable.node, depth) ?? valueType(project, variable, depth);
    }
    case "AwaitExpression": {
      const inner = declaredType(project, node.argument, depth + 1);
      return inner && unpromised(inner);
    }
    case "CallExpression": {
      const [target] = project.targetsOf(node);
      if (target) return target.returnType?.typeAnnotation;
      // stmt.first<Row>()
      return calleeName(node) === "first" && node.arguments.length === 0 ? statementRow(project, node) : undefined;
    }
    case "MemberExpression": {
      const name = propertyName(node);
      if (name === undefined) return undefined;
      if (unwrap(node.object).type === "ThisExpression") return fieldType(project, node, name);
      const owner = declaredType(project, node.object, depth + 1);
      return owner && memberType(project, owner, name, depth);
    }
    default:
      return undefined;
  }
}

/** The type of a variable by what it is given: its only value, an element of a list that a loop or a callback goes through. */
function valueType(project: Project, variable: Variable, depth: number): Node | undefined {
  const { declaration, node } = variable;
  if (variable.kind === "parameter" && isFunction(declaration)) {
    const callback = declaration.params[0] === node ? callbackOf(declaration) : undefined;
    const list = callback && EACH.test(calleeName(callback.call) ?? "") ? calleeMember(callback.call)?.object : undefined;
    return list && elementType(project, list, depth + 1);
  }
  if (variable.kind !== "const" || declaration.type !== "VariableDeclarator" || declaration.id !== node) return undefined;
  const loop = declaration.parent?.parent;
  if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) return elementType(project, loop.right, depth + 1);
  return declaration.init ? declaredType(project, declaration.init, depth + 1) : undefined;
}

const EACH = /^(?:map|flatMap|forEach|filter|find|some|every)$/;
const SAME_ELEMENTS = /^(?:filter|slice|sort|toSorted|reverse|toReversed)$/;

/** The type of a list's elements where the code says it with a query: `all<Row>()`, `as D1Result<Row>`. */
function elementType(project: Project, raw: Node, depth: number): Node | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const node = unwrap(raw);
  switch (node.type) {
    case "LogicalExpression":
      return elementType(project, node.left, depth + 1);
    case "MemberExpression":
      return propertyName(node) === "results" ? resultRow(project, node.object, depth + 1) : undefined;
    case "CallExpression": {
      const member = calleeMember(node);
      return member && SAME_ELEMENTS.test(propertyName(member) ?? "") ? elementType(project, member.object, depth + 1) : undefined;
    }
    case "Identifier": {
      const { declaration, node: name, kind } = project.fileOf(node).scopes.resolve(node) ?? {};
      if (kind !== "const" || declaration?.type !== "VariableDeclarator" || !declaration.init || !name) return undefined;
      if (declaration.id === name) return elementType(project, declaration.init, depth + 1);
      const property = name.parent?.type === "AssignmentPattern" ? name.parent.parent : name.parent;
      return property?.type === "Property" && property.parent === declaration.id && keyName(property.key, property.computed) === "results" ? resultRow(project, declaration.init, depth + 1) : undefined;
    }
    default:
      return undefined;
  }
}

/** The row's type of what a query answers: `await stmt.all<Row>()`, `(await stmt.run()) as D1Result<Row>`. */
function resultRow(project: Project, node: Node, depth: number): Node | undefined {
  if (depth > MAX_DEPTH) return undefined;
  switch (node.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression": {
      const type = node.typeAnnotation;
      if (type.type === "TSTypeReference" && type.typeName.type === "Identifier" && type.typeName.name === "D1Result") return type.typeArguments?.params[0];
      return resultRow(project, node.expression, depth + 1);
    }
    case "TSNonNullExpression":
      return resultRow(project, node.expression, depth + 1);
    case "AwaitExpression":
      return resultRow(project, node.argument, depth + 1);
    case "CallExpression":
      return statementRow(project, node);
    case "Identifier": {
      const { declaration, node: name, kind } = project.fileOf(node).scopes.resolve(node) ?? {};
      return kind === "const" && declaration?.type === "VariableDeclarator" && declaration.init && declaration.id === name ? resultRow(project, declaration.init, depth + 1) : undefined;
    }
    default:
      return undefined;
  }
}

/** `Row` of `stmt.all<Row>()`. */
function statementRow(project: Project, call: CallExpression): Node | undefined {
  const member = calleeMember(call);
  const [row] = call.typeArguments?.params ?? [];
  if (!member || !row || !/^(?:all|run|first)$/.test(propertyName(member) ?? "")) return undefined;
  return project.kindOf(member.object)?.kind === "d1-statement" ? row : undefined;
}

function annotationOf(node: Node): Node | undefined {
  if (!("typeAnnotation" in node) || node.typeAnnotation?.type !== "TSTypeAnnotation") return undefined;
  return node.typeAnnotation.typeAnnotation;
}

/** The type of a name in a pattern: `limit` of `{ limit }: { limit: number }`. */
function patternType(project: Project, file: SourceFile, name: Node, depth: number): Node | undefined {
  const value = name.parent?.type === "AssignmentPattern" ? name.parent : name;
  const property = value.parent;
  if (property?.type !== "Property" || property.parent?.type !== "ObjectPattern") return undefined;
  const pattern = property.parent;
  const key = keyName(property.key, property.computed);
  if (key === undefined) return undefined;
  let owner = annotationOf(pattern);
  const declarator = pattern.parent;
  if (!owner && declarator?.type === "VariableDeclarator" && declarator.init && file) owner = declaredType(project, declarator.init, depth + 1);
  return owner && memberType(project, owner, key, depth);
}

function unpromised(type: Node): Node {
  if (type.type !== "TSTypeReference" || type.typeName.type !== "Identifier" || type.typeName.name !== "Promise") return type;
  return type.typeArguments?.params[0] ?? type;
}

function memberType(project: Project, owner: Node, name: string, depth: number): Node | undefined {
  if (depth > MAX_DEPTH) return undefined;
  switch (owner.type) {
    case "TSTypeLiteral":
      return signatureType(owner.members, name);
    case "TSInterfaceDeclaration":
      return signatureType(owner.body.body, name);
    case "TSTypeAliasDeclaration":
      return memberType(project, owner.typeAnnotation, name, depth + 1);
    case "TSIntersectionType":
      return owner.types.map((part) => memberType(project, part, name, depth + 1)).find((found) => found !== undefined);
    case "TSUnionType": {
      const parts = owner.types.filter((part) => part.type !== "TSUndefinedKeyword" && part.type !== "TSNullKeyword");
      return parts.length === 1 && parts[0] ? memberType(project, parts[0], name, depth + 1) : undefined;
    }
    case "TSTypeReference": {
      if (owner.typeName.type !== "Identifier") return undefined;
      const [argument] = owner.typeArguments?.params ?? [];
      if (argument && /^(?:Partial|Required|Readonly|Pick|Omit|NonNullable|Promise)$/.test(owner.typeName.name)) return memberType(project, argument, name, depth + 1);
      const declaration = typeDeclaration(project, owner.typeName);
      return declaration && memberType(project, declaration, name, depth + 1);
    }
    default:
      return undefined;
  }
}

function signatureType(members: readonly Node[], name: string): Node | undefined {
  for (const member of members)
    if (member.type === "TSPropertySignature" && keyName(member.key, member.computed) === name) return member.typeAnnotation?.typeAnnotation;
  return undefined;
}

function fieldType(project: Project, node: Node, name: string): Node | undefined {
  const owner = thisClass(node);
  if (!owner) return undefined;
  for (const cls of project.classes.chain(owner.cls))
    for (const member of cls.body.body) {
      if (member.type === "PropertyDefinition" && keyName(member.key, member.computed) === name && member.typeAnnotation) return member.typeAnnotation.typeAnnotation;
      if (member.type !== "MethodDefinition" || member.kind !== "constructor" || !isFunction(member.value)) continue;
      for (const parameter of member.value.params)
        if (parameter.type === "TSParameterProperty" && !isMember(parameter.parameter)) {
          const pattern = parameter.parameter.type === "AssignmentPattern" ? parameter.parameter.left : parameter.parameter;
          if (pattern.type === "Identifier" && pattern.name === name) return annotationOf(pattern);
        }
    }
  return undefined;
}

import type { Class, FunctionNode, Node } from "./ast.ts";
import { isClass, isFunction } from "./ast.ts";

/** One declared name. `node` is the declaring identifier; `declaration` what declares it. */
export interface Variable {
  readonly name: string;
  readonly kind: "import" | "const" | "let" | "var" | "function" | "class" | "parameter" | "catch" | "enum" | "namespace";
  readonly node: Node;
  /** VariableDeclarator, function, class, import specifier, enum, or the function of a parameter. */
  readonly declaration: Node;
  readonly scope: Node;
}

/** Names of types declared in a module or block: interfaces, aliases, and the like. */
export interface TypeName {
  readonly name: string;
  readonly declaration: Node;
}

/**
 * Lexical scopes of one file. Declarations are collected once; a use is resolved by walking up its parents, which is
 * cheaper than resolving every identifier of every file, as few are ever asked for.
 */
export class Scopes {
  readonly #variables = new Map<Node, Map<string, Variable>>();
  readonly #types = new Map<string, TypeName>();

  /** The variable that `name` means at `at`, or undefined for a global. */
  lookup(name: string, at: Node): Variable | undefined {
    for (let current: Node | undefined = at; current; current = current.parent ?? undefined) {
      const found = this.#variables.get(current)?.get(name);
      if (found) return found;
    }
    return undefined;
  }

  /** The variable an identifier means. */
  resolve(identifier: Node): Variable | undefined {
    return identifier.type === "Identifier" ? this.lookup(identifier.name, identifier) : undefined;
  }

  /** The declaration of a type's name, wherever in the file it stands. */
  type(name: string): TypeName | undefined {
    return this.#types.get(name);
  }

  get types(): Iterable<TypeName> {
    return this.#types.values();
  }

  /** Names declared directly in a scope (program, function, block). */
  declared(scope: Node): Iterable<Variable> {
    return this.#variables.get(scope)?.values() ?? [];
  }

  #declare(scope: Node, variable: Variable): void {
    let names = this.#variables.get(scope);
    if (!names) this.#variables.set(scope, (names = new Map()));
    // A later function body's `var x` must not hide a parameter of the same name.
    if (!names.has(variable.name) || variable.kind === "function") names.set(variable.name, variable);
  }

  #pattern(pattern: Node | null, scope: Node, kind: Variable["kind"], declaration: Node): void {
    if (!pattern) return;
    switch (pattern.type) {
      case "Identifier":
        this.#declare(scope, { name: pattern.name, kind, node: pattern, declaration, scope });
        break;
      case "ObjectPattern":
        for (const property of pattern.properties)
          this.#pattern(property.type === "RestElement" ? property.argument : property.value, scope, kind, declaration);
        break;
      case "ArrayPattern":
        for (const element of pattern.elements) this.#pattern(element, scope, kind, declaration);
        break;
      case "AssignmentPattern":
        this.#pattern(pattern.left, scope, kind, declaration);
        break;
      case "RestElement":
        this.#pattern(pattern.argument, scope, kind, declaration);
        break;
      case "TSParameterProperty":
        this.#pattern(pattern.parameter, scope, kind, declaration);
        break;
      default:
    }
  }

  /**
   * Takes in what a node declares. Called once for each node, parents first, while the file's lists are built.
   * @param block innermost scope of `let`, `const`, `class` and `function` around the node
   * @param hoist innermost scope of `var` around the node
   * @returns whether the node is a scope of its own for what lies in it: of everything (`function`), of all but `var` (`block`), or none
   */
  enter(node: Node, block: Node, hoist: Node): "function" | "block" | undefined {
    switch (node.type) {
      case "ImportDeclaration":
        for (const specifier of node.specifiers)
          this.#declare(block, { name: specifier.local.name, kind: "import", node: specifier.local, declaration: specifier, scope: block });
        return undefined;
      case "TSImportEqualsDeclaration":
        this.#declare(block, { name: node.id.name, kind: "import", node: node.id, declaration: node, scope: block });
        return undefined;
      case "VariableDeclaration": {
        const kind = node.kind === "var" ? "var" : node.kind === "let" ? "let" : "const";
        for (const declarator of node.declarations) this.#pattern(declarator.id, kind === "var" ? hoist : block, kind, declarator);
        return undefined;
      }
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        if (!this.#types.has(node.id.name)) this.#types.set(node.id.name, { name: node.id.name, declaration: node });
        return undefined;
      case "TSEnumDeclaration":
        this.#declare(block, { name: node.id.name, kind: "enum", node: node.id, declaration: node, scope: block });
        return undefined;
      case "TSModuleDeclaration":
        if (node.id.type === "Identifier") this.#declare(block, { name: node.id.name, kind: "namespace", node: node.id, declaration: node, scope: block });
        return undefined;
      case "CatchClause":
        this.#pattern(node.param ?? null, node, "catch", node);
        return "block";
      case "BlockStatement":
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "SwitchStatement":
      case "TSModuleBlock":
        return "block";
      case "StaticBlock":
        return "function";
      default:
        if (isFunction(node)) {
          this.#function(node, block);
          return "function";
        }
        if (isClass(node)) this.#class(node, block);
        return undefined;
    }
  }

  #function(node: FunctionNode, block: Node): void {
    if (node.id) {
      const isDeclaration = node.type === "FunctionDeclaration" || node.type === "TSDeclareFunction";
      const scope = isDeclaration ? block : node;
      this.#declare(scope, { name: node.id.name, kind: "function", node: node.id, declaration: node, scope });
    }
    for (const parameter of node.params) this.#pattern(parameter, node, "parameter", node);
  }

  #class(node: Class, block: Node): void {
    if (!node.id) return;
    const scope = node.type === "ClassDeclaration" ? block : node;
    this.#declare(scope, { name: node.id.name, kind: "class", node: node.id, declaration: node, scope });
    if (!this.#types.has(node.id.name)) this.#types.set(node.id.name, { name: node.id.name, declaration: node });
  }
}

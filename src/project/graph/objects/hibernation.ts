import type { Class, Node } from "../../parse/ast.ts";
import { isIdentifier, keyName, unwrap } from "../../parse/ast.ts";
import type { Project } from "../project.ts";

/** What a class says about hibernating. */
export type HibernationOption = "yes" | "no" | "unknown";

/** What a class itself says in `static options = { hibernate: … }`, or assigned to it afterwards; "no" when it says nothing. */
export function hibernationOption(project: Project, cls: Class): HibernationOption {
  const file = project.fileOf(cls);
  for (const member of cls.body.body) {
    if (member.type === "MethodDefinition" && member.static && keyName(member.key, member.computed) === "options") return "unknown";
    if (member.type === "PropertyDefinition" && member.static && keyName(member.key, member.computed) === "options") return member.value ? optionOf(project, member.value) : "unknown";
  }
  const name = project.classes.nameOf(cls);
  for (const use of file.members.get("options") ?? [])
    if (name !== undefined && isIdentifier(unwrap(use.object), name) && use.parent?.type === "AssignmentExpression" && use.parent.left === use) return optionOf(project, use.parent.right);
  return "no";
}

function optionOf(project: Project, value: Node): HibernationOption {
  const kind = project.kindOf(value);
  if (kind?.kind !== "object") return "unknown";
  for (const property of kind.node.properties) {
    if (property.type === "SpreadElement") return "unknown";
    if (keyName(property.key, property.computed) !== "hibernate") continue;
    const setting = unwrap(property.value);
    return setting.type === "Literal" ? (setting.value === true ? "yes" : "no") : "unknown";
  }
  return "no";
}

/** Why objects of a class hibernate: the place where they take sockets for it, or the class itself when its base does; undefined when they do not, as far as can be seen. */
export function hibernationOf(project: Project, cls: Class): Node | undefined {
  const { classes } = project;
  const base = classes.knownBase(cls);
  const chain = classes.chain(cls);
  const options = chain.map((current) => hibernationOption(project, current));
  if (base?.hibernates === "always") {
    const own = cls.body.body.some((member) => member.type === "PropertyDefinition" && member.static && keyName(member.key, member.computed) === "options");
    // An Agent hibernates unless its own options say `hibernate: false`.
    return own && options[0] === "no" && saysFalse(project, cls) ? undefined : (cls.id ?? cls);
  }
  if (base?.hibernates === "option") return options.includes("yes") ? (cls.id ?? cls) : undefined;
  for (const file of project.files)
    for (const member of file.members.get("acceptWebSocket") ?? []) {
      const call = member.parent;
      if (call?.type !== "CallExpression" || call.callee !== member) continue;
      for (const owner of classes.ownersOf(call)) if (chain.includes(owner)) return call;
    }
  return undefined;
}

function saysFalse(project: Project, cls: Class): boolean {
  return /hibernate\s*:\s*false/.test(project.text(cls.body).slice(0, 4000));
}

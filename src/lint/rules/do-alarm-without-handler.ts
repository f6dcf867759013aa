// setAlarm() throws a TypeError in an object whose class has no alarm() method.
// https://developers.cloudflare.com/durable-objects/api/alarms/#setalarm
import type { Class } from "../../project/parse/ast.ts";
import { isBound, isOnlyBase, mayDo, mayHaveHiddenMethods, objectCode } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import { isWithin } from "../../project/parse/ast.ts";
import { isInside } from "../../paths.ts";
import { defineRule } from "../rule.ts";

export default defineRule({
  id: "do-alarm-without-handler",
  *check({ project }) {
    if (!project.files.some((file) => file.members.has("setAlarm"))) return;
    for (const cls of project.classes.durableObjects) {
      if (isOnlyBase(project, cls) || project.classes.hasMethod(cls, "alarm") || !mayDo(project, cls, "setAlarm") || mayHaveHiddenMethods(project, cls)) continue;
      const [first, ...others] = objectCode(project, cls).uses.filter(({ operation }) => operation === "setAlarm").sort((a, b) => Number(isWithin(b.node, cls)) - Number(isWithin(a.node, cls)));
      if (!first) continue;
      const name = project.classes.nameOf(cls) ?? "the class";
      yield {
        span: project.span(first.node),
        message: `\`${name}\` sets an alarm but has no \`alarm()\` method: \`setAlarm()\` throws a TypeError here, the request fails and the work that was to be done later is never done.`,
        confidence: isBound(project, cls) || !isLibrary(project, cls) ? "high" : "low",
        related: [
          { span: project.span(cls.id ?? cls), message: `\`${name}\` has no \`alarm()\`, nor does a class that it extends` },
          ...others.map(({ node }) => ({ span: project.span(node), message: "another alarm is set here" })),
        ],
        subject: { class: name },
      };
    }
  },
});

/** A package for others: they extend the class and bring the handler. */
function isLibrary(project: Project, cls: Class): boolean {
  const { path } = project.fileOf(cls);
  const [owner] = project.checkout.packages.filter(({ dir }) => isInside(path, dir)).sort((a, b) => b.dir.length - a.dir.length);
  return owner !== undefined && ["exports", "main", "module", "types"].some((key) => key in owner.json) && project.bindings.configsFor(path).every((config) => !isInside(config.dir, owner.dir));
}

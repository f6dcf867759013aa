import type { Class, FunctionNode } from "../../../project/parse/ast.ts";
import { calleeMember } from "../../../project/parse/ast.ts";
import type { CallSite } from "../../../project/graph/calls.ts";
import { storageUse } from "../../../project/graph/object-storage.ts";
import type { Project } from "../../../project/graph/project.ts";

/** Whether a call is `storage.setAlarm(…)`. */
export function setsAlarm(project: Project, call: CallSite): boolean {
  return storageUse(project, call)?.operation === "setAlarm";
}

/** The method that runs when the alarm goes off; packages' bases call `onAlarm`. */
export function alarmHandler(project: Project, cls: Class): FunctionNode | undefined {
  const own = project.classes.method(cls, "alarm");
  if (own) return own;
  return project.classes.knownBase(cls)?.entryMethods.includes("onAlarm") ? project.classes.method(cls, "onAlarm") : undefined;
}

/** Whether some file of the project sets alarms at all: the cheapest question that can say no. */
export function hasAlarms(project: Project): boolean {
  return project.files.some((file) => file.members.get("setAlarm")?.some((member) => member.parent?.type === "CallExpression" && calleeMember(member.parent) === member) ?? false);
}

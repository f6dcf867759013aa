import { expect, it } from "vitest";
import { exportedNames } from "../../src/project/graph/prefilter.ts";
it("lists what a text exports without parsing it", () => expect([...exportedNames(`export const a = 1; export async function b() {} export default class C {} export { d as e, f }; export default function () {} exports.g = 1; module.exports = x; export abstract class H {} export * from "x"; export type T = 1`)].sort()).toEqual(["C","H","a","b","default","e","f","g"].sort()));

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { atomWords, namesOf, pluralOf, requireWorkerName, workerNameFrom } from "../../src/scaffold/names.ts";

describe("what an atom is called", () => {
  test.each([
    ["room", "Room room ROOM rooms Rooms"],
    ["my-room", "MyRoom myRoom MY_ROOM my_rooms MyRooms"],
    ["ShoppingCart", "ShoppingCart shoppingCart SHOPPING_CART shopping_carts ShoppingCarts"],
    ["HTTPSession", "HttpSession httpSession HTTP_SESSION http_sessions HttpSessions"],
    ["Straße", "Strasse strasse STRASSE strasses Strasses"],
    ["Café table", "CafeTable cafeTable CAFE_TABLE cafe_tables CafeTables"],
    ["rooms", "Room room ROOM rooms Rooms"],
    ["companies", "Company company COMPANY companies Companies"],
    ["class", "Class class CLASS classes Classes"],
    ["status", "Status status STATUS statuses Statuses"],
    ["room 2", "Room2 room2 ROOM_2 room_2s Room2s"],
  ])("%s", (text, expected) => {
    const { singular, plural } = namesOf(atomWords(text));
    expect([singular.pascal, singular.camel, singular.constant, plural.snake, plural.pascal].join(" ")).toBe(expected);
  });

  test.each([
    ["2fast", "digit"],
    ["room'; drop table", "Latin letters"],
    ["部屋", "Latin letters"],
    ["../room", "Latin letters"],
    ["", "no name"],
    ["  ", "no name"],
    ["---", "no letter"],
    ["x".repeat(200), "longer than 40"],
  ])("%j is refused", (text, reason) => {
    expect(() => atomWords(text)).toThrow(UserError);
    expect(() => atomWords(text)).toThrow(reason);
  });

  test.each([
    ["box", "boxes"],
    ["match", "matches"],
    ["city", "cities"],
    ["day", "days"],
    ["person", "people"],
    ["analysis", "analyses"],
    ["index", "indexes"],
    ["bus", "buses"],
    ["knife", "knives"],
    ["leaf", "leaves"],
    ["order", "orders"],
    ["quiz", "quizzes"],
    ["hero", "heroes"],
    ["photo", "photos"],
    ["series", "series"],
  ])("many of %s are %s", (one, many) => expect(pluralOf(one)).toBe(many));

  test("the plural of a name is taken as the same name", () => {
    for (const one of ["room", "box", "match", "city", "day", "person", "order", "class", "address", "quiz", "hero", "leaf", "document"])
      expect(atomWords(pluralOf(one)), pluralOf(one)).toEqual([one]);
  });

  test("any text gives identifiers or a refusal that a person can act on", () => {
    const likely = fc.string({ unit: fc.constantFrom(..."aZs9-_ ß'é"), maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "grapheme", maxLength: 80 }), likely), (text) => {
        let words: readonly string[];
        try {
          words = atomWords(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as UserError).hint).toBeTruthy();
          return;
        }
        for (const forms of Object.values(namesOf(words))) {
          expect(forms.pascal).toMatch(/^[A-Z][A-Za-z0-9]*$/);
          expect(forms.camel).toMatch(/^[a-z][A-Za-z0-9]*$/);
          expect(forms.constant).toMatch(/^[A-Z][A-Z0-9_]*$/);
          expect(forms.snake).toMatch(/^[a-z][a-z0-9_]*$/);
          expect(forms.kebab).toMatch(/^[a-z][a-z0-9-]*$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what a Worker is called", () => {
  test.each(["chat", "my-room-2", "a"])("%s may be", (name) => expect(requireWorkerName(name)).toBe(name));

  test.each([
    ["My Room", "my-room"],
    ["straße_1", "strasse-1"],
    ["-x-", "x"],
  ])("%s may not, and %s is offered", (name, offered) => {
    expect(() => requireWorkerName(name)).toThrow(UserError);
    expect(workerNameFrom(name)).toBe(offered);
  });

  test("whatever is offered is accepted", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (text) => {
        const name = workerNameFrom(text);
        if (name !== undefined) expect(requireWorkerName(name)).toBe(name);
      }),
    );
  });
});

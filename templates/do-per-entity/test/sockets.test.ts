import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { connect } from "./support/client.ts";
import { evict } from "./support/evict.ts";

async function open(id: string): Promise<DurableObjectStub<import("../src/index.ts").ChatRoom>> {
  const stub = env.CHAT_ROOM.getByName(id);
  await stub.open(id, "A title");
  return stub;
}

describe("sockets", () => {
  test("what one member says reaches all, in one order", async () => {
    await open("talk");
    const ada = await connect("talk", "ada");
    const grace = await connect("talk", "grace");
    expect((await grace.next("welcome")).profile.members.map(({ member }) => member)).toEqual(["ada", "grace"]);
    ada.say("m1", "Hello");
    grace.say("m2", "Hello, Ada");
    const heard = [await ada.next("message"), await ada.next("message")].map(({ message }) => message.text);
    expect([await grace.next("message"), await grace.next("message")].map(({ message }) => message.text)).toEqual(heard);
  });

  test("hibernating sockets outlive an eviction, and no state is lost", async () => {
    const stub = await open("sleepy");
    const ada = await connect("sleepy", "ada");
    const grace = await connect("sleepy", "grace");
    ada.say("before", "Before");
    await grace.next("message");

    await evict(stub);

    ada.say("after", "After");
    expect((await grace.next("message")).message).toMatchObject({ seq: 2, member: "ada", text: "After" });
    const members = (await stub.profile())?.members;
    expect(members?.map(({ member, sent }) => ({ member, sent }))).toEqual([
      { member: "ada", sent: 2 },
      { member: "grace", sent: 0 },
    ]);
    expect((await stub.history())?.map(({ text }) => text)).toEqual(["Before", "After"]);

    await evict(stub);
    grace.socket.close(1000);
    expect((await nextMembersWithout(ada, "grace")).map(({ member }) => member)).toEqual(["ada"]);
    // Where the test runtime cannot evict on demand, support/evict.ts waits until the object hibernates by itself.
  }, 60_000);

  test("a message sent twice is there once", async () => {
    await open("again");
    const ada = await connect("again", "ada");
    ada.say("same", "Once");
    ada.say("same", "Once");
    ada.say("other", "Then");
    expect([(await ada.next("message")).message.text, (await ada.next("message")).message.text]).toEqual(["Once", "Then"]);
  });

  test("a ping is answered, and nonsense gets an error, not a closed socket", async () => {
    await open("noise");
    const ada = await connect("noise", "ada");
    await ada.next("welcome");
    for (const nonsense of ["{", "null", '{"type":"say"}', new Uint8Array([1]).buffer]) {
      ada.socket.send(nonsense);
      expect((await ada.next("error")).error).toContain("say");
    }
    ada.say("fine", "Still here");
    expect((await ada.next("message")).message.text).toBe("Still here");
  });

  test("the Worker refuses what is no upgrade, and the object what is not open", async () => {
    expect((await exports.default.fetch("https://example.com/chat-rooms/x/socket?member=ada")).status).toBe(426);
    await expect(connect("never-opened", "ada")).rejects.toThrow("404");
  });
});

async function nextMembersWithout(client: Awaited<ReturnType<typeof connect>>, name: string) {
  for (;;) {
    const { members } = await client.next("members");
    if (!members.some(({ member }) => member === name)) return members;
  }
}

import { describe, expect, it } from "vitest";
import { renderHtml } from "../../src/choose/render/html.ts";
import { renderMarkdown } from "../../src/choose/render/markdown.ts";
import { renderPretty } from "../../src/choose/render/pretty.ts";
import { diagramOf, renderMermaid } from "../../src/choose/mermaid.ts";
import { decisionOn, playbook, readCases } from "./support.ts";

const full = decisionOn({ atom: "clear", atom_name: "room", serialization: "required", live: ["timers", "websockets"], data: ["relational", "blobs"], cross_entity_sql: "frequent", lifetime: "ephemeral", peak_rps: 400, hot_entity_rps: 700, entities: 20_000, total_gb: 30, plan: "paid" });

describe("the page", () => {
  const html = renderHtml(playbook, full);

  it("needs nothing from anywhere: no script, no style sheet, no image, no font", () => {
    expect(html).not.toMatch(/<script|<link|<img|@import|@font-face|url\(\s*["']?https?:/i);
    const loads = [...html.matchAll(/\s(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(loads.filter((target) => !target.startsWith("https://"))).toEqual([]);
  });

  it("has each part, the verdict first", () => {
    const parts = ["<h1>Build on both", "What it looks like", "<h2>Why", "<h2>Watch out", "<h2>What would change it", "<h2>How", "<h2>Capacity", "<h2>Cost a month", "<h2>Sources"];
    const places = parts.map((part) => html.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("closes what it opens", () => {
    for (const tag of ["section", "article", "table", "tr", "ul", "ol", "li", "details", "svg", "main", "p", "dl"]) expect([...html.matchAll(new RegExp(`<${tag}[ >]`, "g"))].length, tag).toBe([...html.matchAll(new RegExp(`</${tag}>`, "g"))].length);
  });

  it("shows both prices of sockets", () => {
    expect(html).toContain("with sockets that hibernate");
    expect(html).toContain("with sockets accepted without hibernation");
  });

  it("keeps words of the user's as words", () => {
    const page = renderHtml(playbook, decisionOn({ workload: '<script>alert("x")</script>', atom: "clear", atom_name: '"><svg onload=x>', live: ["timers"] }));
    expect(page).not.toContain("<script");
    expect(page).not.toContain("<svg onload");
  });

  it("can be made of any case", () => {
    for (const { answers } of readCases("playbook-cases.yaml")) {
      const page = renderHtml(playbook, decisionOn(answers));
      expect(page).not.toMatch(/undefined|NaN|\[object Object\]/);
    }
  });
});

describe("Markdown and the terminal", () => {
  it.each([
    ["markdown", renderMarkdown(playbook, full)],
    ["pretty", renderPretty(playbook, full, 100)],
  ])("%s says the verdict first, then the reasons", (_, text) => {
    expect(text).toMatch(/^(?:# )?Build on both: Durable Objects and D1, one object for each room\./);
    expect(text.indexOf("Why")).toBeLessThan(text.indexOf("Watch out"));
    expect(text).not.toMatch(/undefined|NaN|\[object Object\]/);
  });

  it("never runs over the terminal's width, addresses apart", () => {
    for (const width of [40, 60, 100])
      for (const { answers } of readCases("real-decisions.yaml"))
        expect(renderPretty(playbook, decisionOn(answers), width).split("\n").filter((line) => [...line].length > width && !line.includes("https://"))).toEqual([]);
  });

  it("says what stops a singleton before anything else", () => {
    expect(renderPretty(playbook, decisionOn({ atom: "global", serialization: "required" }), 100)).toMatch(/^Stop: this is one thing for the whole product\. With a smaller atom it becomes: Build on Durable\s+Objects\./);
  });

  it("names the product where neither serves", () => {
    expect(renderMarkdown(playbook, decisionOn({ data: "blobs" }))).toMatch(/^# Neither D1 nor Durable Objects: use R2\./);
  });
});

describe("the diagram", () => {
  it("draws what is recommended, in the user's words", () => {
    expect(renderMermaid(diagramOf(playbook, full)).split("\n")).toEqual([
      "flowchart LR",
      '  clients(["Clients<br/>HTTP and WebSockets"])',
      '  worker["Worker<br/>authenticates and routes"]',
      '  objects[["Durable Object for each room<br/>own SQLite, alarms, sockets"]]',
      '  d1[("D1<br/>product data and views")]',
      '  r2[("R2<br/>files")]',
      '  clients -->|"requests, upgrades"| worker',
      '  worker -->|"by room name"| objects',
      '  worker -->|"lists, search, reports"| d1',
      '  objects -->|"outcomes, as views"| d1',
      '  worker -->|"uploads, downloads"| r2',
    ]);
  });

  it("quotes what would end a label", () => {
    const text = renderMermaid(diagramOf(playbook, decisionOn({ atom: "clear", atom_name: 'a"] --> b', live: ["timers"] })));
    expect(text).toContain("a#34;] --#62; b");
  });
});

import type { Decision, Playbook } from "./types.ts";

/** Boxes and arrows of the recommended architecture, drawn as Mermaid in Markdown and as SVG in HTML. */
export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label: string }[];
}

export interface DiagramNode {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly kind: "client" | "worker" | "object" | "database" | "product";
  /** Drawn as several behind each other. */
  readonly many: boolean;
}

/** The recommended architecture with the user's own atom name. */
export function diagramOf(playbook: Playbook, decision: Decision): Diagram {
  const atom = atomName(decision);
  const hasSockets = Array.isArray(decision.answers["live"]) && decision.answers["live"].includes("websockets");
  const usesObjects = decision.recommendation === "durable-objects" || decision.recommendation === "both";
  const usesDatabase = decision.recommendation === "d1" || decision.recommendation === "both";
  const nodes: DiagramNode[] = [
    { id: "clients", title: "Clients", note: hasSockets ? "HTTP and WebSockets" : "HTTP", kind: "client", many: true },
    { id: "worker", title: "Worker", note: "authenticates and routes", kind: "worker", many: false },
  ];
  const edges: { from: string; to: string; label: string }[] = [{ from: "clients", to: "worker", label: hasSockets ? "requests, upgrades" : "requests" }];
  if (usesObjects) {
    nodes.push({ id: "objects", title: `Durable Object for each ${atom}`, note: liveNote(decision), kind: "object", many: true });
    edges.push({ from: "worker", to: "objects", label: `by ${atom} name` });
  }
  if (usesDatabase) {
    nodes.push(databaseNode(decision));
    edges.push({ from: "worker", to: "d1", label: usesObjects ? "lists, search, reports" : "SQL" });
    if (usesObjects) edges.push({ from: "objects", to: "d1", label: "outcomes, as views" });
  }
  for (const product of [...(decision.instead === undefined ? [] : [decision.instead]), ...decision.also.map((also) => also.product)]) {
    if (product === "stateless-worker") continue;
    nodes.push({ id: product, title: playbook.products[product]?.name ?? product, note: PRODUCT_NOTES[product] ?? "", kind: "product", many: false });
    edges.push({ from: "worker", to: product, label: PRODUCT_EDGES[product] ?? "" });
  }
  return { nodes, edges };
}

const PRODUCT_NOTES: Readonly<Record<string, string>> = { "workers-kv": "configuration, cached", r2: "files", hyperdrive: "to the database that stays", queues: "work nobody waits for", "analytics-engine": "metrics and events" };
const PRODUCT_EDGES: Readonly<Record<string, string>> = { "workers-kv": "reads", r2: "uploads, downloads", hyperdrive: "SQL", queues: "jobs", "analytics-engine": "data points" };

/** The atom in the user's words, `entity` where it has no name. */
export function atomName(decision: Decision): string {
  const name = decision.answers["atom_name"];
  return typeof name === "string" && name.trim() !== "" ? name.trim() : "entity";
}

function liveNote(decision: Decision): string {
  const live = decision.answers["live"];
  const parts = ["own SQLite", ...(Array.isArray(live) ? live.map((item) => ({ timers: "alarms", websockets: "sockets", "in-memory": "hot state" })[String(item)] ?? "") : [])];
  return parts.join(", ");
}

function databaseNode(decision: Decision): DiagramNode {
  const perTenant = decision.pattern?.startsWith("d1-per-tenant") === true;
  const sharded = decision.pattern === "d1-sharded";
  return { id: "d1", title: perTenant ? "D1 for each tenant" : sharded ? "D1 shards" : "D1", note: decision.recommendation === "both" ? "product data and views" : "relational data", kind: "database", many: perTenant || sharded };
}

/** The diagram as a Mermaid flow chart, without the fences. */
export function renderMermaid({ nodes, edges }: Diagram): string {
  const box = (node: DiagramNode): string => {
    const label = `"${quoted(node.title)}${node.note === "" ? "" : `<br/>${quoted(node.note)}`}"`;
    if (node.kind === "client") return `([${label}])`;
    return node.kind === "database" || node.kind === "product" ? `[(${label})]` : node.kind === "object" ? `[[${label}]]` : `[${label}]`;
  };
  return ["flowchart LR", ...nodes.map((node) => `  ${node.id}${box(node)}`), ...edges.map((edge) => `  ${edge.from} -->|"${quoted(edge.label)}"| ${edge.to}`)].join("\n");
}

/** Text inside a quoted Mermaid label: its own escapes for what would end or open something. */
function quoted(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[#"<>&`]/g, (char) => `#${char.charCodeAt(0)};`);
}

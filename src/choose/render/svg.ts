import type { Diagram, DiagramNode } from "../mermaid.ts";

/** Text inside XML and HTML, in element content and in quoted attributes. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[char] ?? char);
}

const BOX = { width: 216, height: 64, gapX: 164, gapY: 40 } as const;
const MARGIN = 16;

interface Placed {
  readonly node: DiagramNode;
  readonly x: number;
  readonly y: number;
}

/** The diagram as SVG in three columns: clients, Worker, and what the Worker reaches. Colours come from the page's style. */
export function renderDiagram({ nodes, edges }: Diagram): string {
  const columns: readonly (readonly DiagramNode[])[] = [nodes.filter((node) => node.kind === "client"), nodes.filter((node) => node.kind === "worker"), nodes.filter((node) => node.kind !== "client" && node.kind !== "worker")].filter((column) => column.length > 0);
  const rows = Math.max(...columns.map((column) => column.length));
  const height = rows * BOX.height + (rows - 1) * BOX.gapY + 2 * MARGIN + 8;
  const width = columns.length * BOX.width + (columns.length - 1) * BOX.gapX + 2 * MARGIN + 8;
  const placed = new Map<string, Placed>();
  for (const [column, list] of columns.entries()) {
    const used = list.length * BOX.height + (list.length - 1) * BOX.gapY;
    for (const [row, node] of list.entries()) placed.set(node.id, { node, x: MARGIN + column * (BOX.width + BOX.gapX), y: (height - used) / 2 + row * (BOX.height + BOX.gapY) });
  }
  // All lines first, so that none runs over a label.
  const drawn = edges.flatMap((edge) => drawEdge(placed.get(edge.from), placed.get(edge.to), edge.label));
  const title = `Architecture: ${nodes.map((node) => node.title).join(", ")}`;
  return `<svg class="diagram" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}" xmlns="http://www.w3.org/2000/svg">
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>
${drawn.map((edge) => edge.line).join("\n")}
${drawn.map((edge) => edge.label).join("\n")}
${[...placed.values()].map(box).join("\n")}
</svg>`;
}

interface DrawnEdge {
  readonly line: string;
  readonly label: string;
}

function drawEdge(from: Placed | undefined, to: Placed | undefined, text: string): readonly DrawnEdge[] {
  if (!from || !to) return [];
  const label = (x: number, y: number, anchor: string): string => `<text class="edge-label" x="${x}" y="${y}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
  const line = (path: string): string => `<path class="edge" d="${path}" marker-end="url(#head)"/>`;
  if (from.x === to.x) {
    const [x, y1, y2] = [from.x + BOX.width / 2, from.y + BOX.height, to.y];
    return [{ line: line(`M${x},${y1} L${x},${y2 - 2}`), label: label(x + 8, (y1 + y2) / 2 + 4, "start") }];
  }
  const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + BOX.height / 2, to.x - 2, to.y + BOX.height / 2];
  const bend = (x1 + x2) / 2;
  // The label stands beside the last stretch, where lines to different boxes are apart.
  const [labelX, labelY] = y1 === y2 ? [bend, y1 - 8] : [bend + 10, y2 + (y2 < y1 ? -9 : 17)];
  return [{ line: line(`M${x1},${y1} C${bend},${y1} ${bend},${y2} ${x2},${y2}`), label: label(labelX, labelY, "middle") }];
}

function box({ node, x, y }: Placed): string {
  const behind = node.many ? `<rect class="box ${node.kind} behind" x="${x + 8}" y="${y + 8}" width="${BOX.width}" height="${BOX.height}" rx="10"/><rect class="box ${node.kind} behind" x="${x + 4}" y="${y + 4}" width="${BOX.width}" height="${BOX.height}" rx="10"/>` : "";
  const middle = x + BOX.width / 2;
  return `${behind}<rect class="box ${node.kind}" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="10"/>
<text class="box-title" x="${middle}" y="${y + (node.note === "" ? 37 : 29)}" text-anchor="middle"${squeezed(node.title, 8)}>${escapeXml(node.title)}</text>${node.note === "" ? "" : `<text class="box-note" x="${middle}" y="${y + 48}" text-anchor="middle"${squeezed(node.note, 6.6)}>${escapeXml(node.note)}</text>`}`;
}

/** Holds a text that would be wider than its box to the box's width. */
function squeezed(text: string, perChar: number): string {
  return text.length * perChar > BOX.width - 20 ? ` textLength="${BOX.width - 20}" lengthAdjust="spacingAndGlyphs"` : "";
}

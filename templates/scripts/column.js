/* How long graphs are laid out: one column in execution order, and lanes beside it for what skips a neighbour. */

/** Between lanes; between boxes; around all; where edges leave a box; where labels of what arrives stand. */
const LANE = 14, GAP = 36, MARGIN = 16, PORT = 16, LABEL = 70;

/** Places boxes below each other and routes edges; those that one box hands on share a lane. */
function column(boxes, edges) {
  const rows = stack(boxes);
  const wide = MARGIN + Math.max(...[...boxes.values()].map((box) => box.width));
  const lanes = lanesOf(edges, rows);
  const arrived = new Map();
  for (const edge of edges) if (skips(edge, rows)) listed(arrived, edge.to).push(edge);
  const routed = edges.map((edge) => (skips(edge, rows) ? beside(edge, rows, wide + LABEL + LANE * lanes.get(edge.from), arrived) : down(edge, rows)));
  const last = [...rows.values()].pop();
  return { width: wide + MARGIN + (lanes.size ? LABEL + LANE * Math.max(...lanes.values()) : 0), height: last.bottom + MARGIN, edges: routed };
}

function stack(boxes) {
  const rows = new Map();
  let y = MARGIN;
  for (const [id, { width, height, shape }] of boxes) {
    shape.setAttribute("transform", `translate(${MARGIN} ${y})`);
    rows.set(id, { index: rows.size, top: y, bottom: y + height, right: MARGIN + width });
    y += height + GAP;
  }
  return rows;
}

function skips({ from, to }, rows) {
  return rows.get(to).index !== rows.get(from).index + 1;
}

/** Box -> the lane of all that it hands on; shorter ones run further inside. */
function lanesOf(edges, rows) {
  const reach = new Map();
  for (const edge of edges) {
    if (!skips(edge, rows)) continue;
    const [from, to] = [rows.get(edge.from).index, rows.get(edge.to).index];
    const [first, last] = reach.get(edge.from) ?? [from, from];
    reach.set(edge.from, [Math.min(first, to), Math.max(last, to)]);
  }
  const lanes = [], found = new Map();
  for (const [id, [first, last]] of [...reach].sort(([, a], [, b]) => a[1] - a[0] - (b[1] - b[0]))) {
    const free = lanes.findIndex((taken) => taken.every(([start, end]) => last <= start || end <= first));
    const lane = free < 0 ? lanes.push([]) - 1 : free;
    lanes[lane].push([first, last]);
    found.set(id, lane);
  }
  return found;
}

function down(edge, rows) {
  const x = MARGIN + WIDTH / 2, { bottom } = rows.get(edge.from), { top } = rows.get(edge.to);
  return { ...edge, points: [{ x, y: bottom }, { x, y: top }], x: x + LABEL / 2, y: (bottom + top) / 2 };
}

/** Out of the box below its middle, along the lane, and in above the middle; what arrives is said once a box. */
function beside(edge, rows, x, arrived) {
  const from = rows.get(edge.from), to = rows.get(edge.to);
  const out = from.bottom - PORT, into = to.top + PORT;
  const points = [{ x: from.right, y: out }, { x, y: out }, { x, y: into }, { x: to.right, y: into }];
  const all = arrived.get(edge.to), first = all[0] === edge;
  const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  const label = first ? (bytes ? scaled(bytes, "B") : edge.label) : "";
  return { ...edge, points, label, tensors: first ? all.flatMap((one) => one.tensors) : null, x: to.right + LABEL / 2, y: into - 10 };
}

/* The inside of an opened node: chains of operators as one block each, laid out by what they hand on. */

/** More than this can't be laid out quickly. */
const MOST_BLOCKS = 250;

function inside(state, node) {
  const folded = foldedInside(state, node);
  if (folded) return folded;
  const { blocks, edges } = chains(node.operators);
  const tooMany = blocks.length > MOST_BLOCKS;
  const shown = tooMany ? [node.operators] : blocks;
  const boxes = new Map(shown.map((operators, index) => [index, block(state, operators)]));
  const laid = arrange(boxes, tooMany ? [] : edges, "TB");
  return { width: laid.width, height: laid.height, shapes: [...laid.edges.map(edgePath), ...[...boxes.values()].map((one) => one.shape)] };
}

/** Blocks of operators that only hand on to each other, and the edges between blocks. */
function chains(operators) {
  const writer = new Map();
  for (const operator of operators) for (const tensor of operator.outputs) if (!writer.has(tensor)) writer.set(tensor, operator);
  const next = new Map(operators.map((operator) => [operator, new Set()]));
  const last = new Map(operators.map((operator) => [operator, new Set()]));
  for (const operator of operators) {
    for (const tensor of operator.inputs) {
      const from = writer.get(tensor);
      if (!from || from.position >= operator.position) continue;
      next.get(from).add(operator);
      last.get(operator).add(from);
    }
  }
  const blocks = [], home = new Map();
  for (const operator of operators) {
    const [from] = last.get(operator);
    const joins = last.get(operator).size === 1 && next.get(from).size === 1;
    const at = joins ? home.get(from) : blocks.push([]) - 1;
    blocks[at].push(operator);
    home.set(operator, at);
  }
  const edges = new Map();
  for (const [from, readers] of next) {
    for (const to of readers) {
      const [a, b] = [home.get(from), home.get(to)];
      if (a !== b) edges.set(`${a} ${b}`, { from: a, to: b, label: "" });
    }
  }
  return { blocks, edges: [...edges.values()] };
}

function block(state, operators) {
  const shown = operators.slice(0, MOST_ROWS);
  const rest = operators.length - shown.length;
  const rows = shown.map((operator, index) => row(state, operator, index));
  if (rest) rows.push(drawn("text", { x: 8, y: 15 + shown.length * ROW, class: "small" }, `and ${count(rest, "other")}: see the table`));
  const height = rows.length * ROW;
  return { width: WIDTH, height, shape: drawn("g", { class: "block" }, drawn("rect", { width: WIDTH, height, rx: 4 }), ...rows) };
}

function row(state, operator, index) {
  const name = operator.custom ?? operator.op;
  const mark = operator.delegated ? "" : `${operator.supported ? MARKS.l : MARKS.r} `;
  const layer = sourceLayers(state.model, operator.position).join(", ");
  const text = drawn("text", { x: 8, y: 15 + index * ROW }, cut(`${mark}${place(operator.subgraph, operator.index)} ${name}`, 28));
  return drawn("a", { href: `#${anchor(state.number, operator.subgraph, operator.index)}` },
    drawn("rect", { y: index * ROW, width: WIDTH, height: ROW, class: "hit" }), text, drawn("title", {}, `${name}${layer ? ` in ${layer}` : ""}: ${operator.output ?? ""}`));
}

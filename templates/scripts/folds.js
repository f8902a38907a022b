/* Blocks that repeat, as networks stack them: one row each, which opens into its operators. */

/** So many operators are shown one by one in any case; longer blocks than this aren't looked for. */
const FEW_OPERATORS = 24, LONGEST_BLOCK = 48;

/** Operators one after the other, and what repeats: `{ operators, size, times }`, of size 0 where nothing does. */
function repeats(operators) {
  const kinds = operators.map((operator) => `${operator.custom ?? operator.op} ${operator.delegated}`);
  const alike = (first, other, size) => {
    for (let i = 0; i < size; i++) if (kinds[first + i] !== kinds[other + i]) return false;
    return true;
  };
  const found = [];
  for (let start = 0; start < kinds.length;) {
    let best = { size: 0, times: 1 };
    for (let size = 1; size <= LONGEST_BLOCK && start + 2 * size <= kinds.length; size++) {
      let times = 1;
      while (start + (times + 1) * size <= kinds.length && alike(start, start + times * size, size)) times++;
      // What saves most rows; a short block before one that holds it several times.
      if (size * (times - 1) > Math.max(2, best.size * (best.times - 1))) best = { size, times };
    }
    const length = best.size * best.times || 1;
    found.push({ operators: operators.slice(start, start + length), ...best });
    start += length;
  }
  return found;
}

/** The list of an opened node with its repeated blocks folded; null where little repeats. */
function foldedInside(state, node) {
  if (!state.folds || node.operators.length < FEW_OPERATORS) return null;
  const parts = repeats(node.operators);
  const repeated = parts.filter(({ size }) => size).reduce((sum, { operators }) => sum + operators.length, 0);
  if (repeated * 2 < node.operators.length) return null;
  const rows = [];
  for (const part of parts) {
    if (part.size) rows.push(foldRow(state, node, part, rows.length));
    if (!part.size || state.unfolded.has(foldName(node, part))) {
      for (const operator of part.operators) rows.push(row(state, operator, rows.length));
    }
  }
  const height = rows.length * ROW;
  return { width: WIDTH, height, shapes: [drawn("g", { class: "block" }, drawn("rect", { width: WIDTH, height, rx: 4 }), ...rows)] };
}

function foldName(node, { operators }) {
  return `${node.id} ${operators[0].position}`;
}

function foldRow(state, node, part, index) {
  const [first, last] = [part.operators[0], part.operators.at(-1)];
  const name = foldName(node, part);
  const opened = state.unfolded.has(name);
  const block = part.operators.slice(0, part.size).map((operator) => operator.custom ?? operator.op);
  const said = `${part.times} × ${block.join(", ")}`;
  const where = `${place(first.subgraph, first.index)} to ${place(last.subgraph, last.index)}`;
  return drawn("g", { role: "button", tabindex: 0, "data-fold": name, "aria-expanded": opened, "aria-label": `${said}, ${where}`, class: "head fold" },
    drawn("rect", { y: index * ROW, width: WIDTH, height: ROW, class: "hit" }),
    drawn("text", { x: 8, y: 15 + index * ROW, class: "title" }, cut(`${opened ? "−" : "+"} ${said}`, 24)), drawn("title", {}, `${said}\n${where}`));
}

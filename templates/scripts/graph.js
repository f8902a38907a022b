/* The graph of one delegate: drawn when it is first seen, its nodes open into their operators. */

/** More nodes than this can't be told apart on any screen; more than few can't be laid out freely. */
const MOST_NODES = 1000, FEW_NODES = 40;
const MOST_ROWS = 1500;
const WIDTH = 232, HEIGHT = 62, ROW = 22, PAD = 12;

function showGraph(form) {
  const number = Number(form.dataset.graph);
  const model = packed.models[number];
  const canvas = form.parentElement.querySelector(".graph");
  const select = form.elements.delegate;
  const state = { number, model, canvas, open: new Set(), folds: true, unfolded: new Set(), names: [...select.options].map((option) => option.text) };
  const start = () => {
    state.audit = Number(select.value);
    state.graph = partitionGraph(model, model.audits[state.audit]);
    state.open.clear();
    draw(state, form.querySelector("output"));
  };
  const { text, fold } = form.elements;
  zoomable(state, form);
  form.parentElement.hidden = false;
  form.addEventListener("input", ({ target }) => {
    state.folds = fold.checked;
    if (target === text) seek(state, text.value, form.querySelector("output"));
    else if (target === fold) draw(state);
    else start();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  canvas.addEventListener("click", (event) => toggle(state, event.target.closest("[data-node], [data-fold]")));
  canvas.addEventListener("keydown", (event) => {
    const button = event.target.closest("[data-node], [data-fold]");
    if (!button || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    toggle(state, button);
  });
  whenSeen(canvas, start);
}

/** Runs `start` once, as soon as the element comes near the screen or the page is printed. */
function whenSeen(target, start) {
  const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && once(), { rootMargin: "300px" });
  const once = () => {
    observer.disconnect();
    removeEventListener("beforeprint", once);
    start();
  };
  observer.observe(target);
  addEventListener("beforeprint", once);
}

function toggle(state, button) {
  if (!button) return;
  const [kind, id] = Object.entries(button.dataset)[0];
  const opened = kind === "fold" ? state.unfolded : state.open;
  if (!opened.delete(id)) opened.add(id);
  draw(state);
  state.canvas.querySelector(`[data-${kind}="${id}"]`).focus({ preventScroll: true });
}

function draw(state, output) {
  const { graph, canvas } = state;
  const partitions = graph.nodes.filter(isPartition).length;
  const said = `${count(partitions, "partition")}, ${count(graph.nodes.filter((node) => node.partition === null).length, "run")} of other operators`;
  if (output) output.value = `${state.names[state.audit]}: ${said}`;
  if (graph.nodes.length > MOST_NODES) {
    canvas.replaceChildren(element("p", `${said}: too many to draw. They are listed under “Partitions” below.`, "hint"));
    return;
  }
  const boxes = new Map(inOrder(graph.nodes).map((node) => [node.id, box(state, node)]));
  const laid = fitted(boxes, graph.edges, canvas.clientWidth - 2, state.open.size);
  const svg = drawn("svg", {
    width: laid.width, height: laid.height, viewBox: `0 0 ${laid.width} ${laid.height}`,
    role: "group", "aria-label": `Graph of ${state.names[state.audit]}: ${said}`,
  });
  svg.append(...laid.edges.map((edge) => edgePath(edge)), ...[...boxes.values()].map((one) => one.shape), ...laid.edges.map((edge) => edgeLabel(edge)));
  const note = element("p", `${said}: too long to print. They are listed under “Partitions” below.`, "unprinted");
  svg.classList.toggle("long", Boolean(laid.long));
  canvas.replaceChildren(svg, ...(laid.long ? [note] : []));
  resize(state);
  mark(state);
}

/** The layout that fits: from left to right, from top to bottom, or all in one column. */
function fitted(boxes, edges, room, opened) {
  const directions = boxes.size > FEW_NODES ? [] : opened ? ["TB"] : ["LR", "TB"];
  for (const direction of directions) {
    const laid = arrange(boxes, edges, direction);
    if (laid.width <= room) return laid;
  }
  return { ...column(boxes, edges), long: true };
}

/** What goes into a subgraph comes first, what comes out of it last. */
function inOrder(nodes) {
  const side = (node) => ({ input: 0, output: 2 })[node.end] ?? 1;
  return [...nodes].sort((one, other) => one.subgraph - other.subgraph || side(one) - side(other));
}

/** Places boxes and routes the edges between them. */
function arrange(boxes, edges, direction) {
  const layout = new dagre.graphlib.Graph();
  layout.setGraph({ rankdir: direction, nodesep: 28, ranksep: direction === "LR" ? 44 : 26, marginx: 16, marginy: 16 });
  for (const [id, { width, height }] of boxes) layout.setNode(id, { width, height });
  for (const edge of edges) layout.setEdge(edge.from, edge.to, { width: edge.label ? edge.label.length * 7 + 14 : 8, height: edge.label === "" ? 4 : 18, labelpos: "c" });
  dagre.layout(layout);
  for (const [id, one] of boxes) {
    const { x, y, width, height } = layout.node(id);
    one.shape.setAttribute("transform", `translate(${Math.round(x - width / 2)} ${Math.round(y - height / 2)})`);
  }
  const { width, height } = layout.graph();
  return { width: Math.ceil(width) || 1, height: Math.ceil(height) || 1, edges: edges.map((edge) => ({ ...edge, ...layout.edge(edge.from, edge.to) })) };
}

function edgePath(edge) {
  const [first, ...rest] = edge.points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return drawn("path", { d: `M${first}L${rest.join("L")}`, class: `edge${edge.crosses ? " crosses" : ""}`, "aria-hidden": true });
}

function edgeLabel({ x, y, label, tensors, crosses }) {
  const text = drawn("text", { x, y: y + 4, class: "carried" }, label ?? "");
  const width = (label ?? "").length * 7 + 4;
  const group = drawn("g", { class: crosses ? "crosses" : "", "aria-hidden": true }, drawn("rect", { x: x - width / 2, y: y - 7, width: label ? width : 0, height: 14, class: "behind" }), text);
  if (tensors) group.append(drawn("title", {}, tensors.slice(0, 12).map(describeTensor).join("\n")));
  return group;
}

/** What a node looks like: its size and its shape, open or not. */
function box(state, node) {
  if (node.end) return endBox(state, node);
  const kind = node.partition === null ? stateOfRun(node) : partitionState(state, node);
  const lines = nodeLines(state, node);
  const opened = state.open.has(node.id);
  const inner = opened ? inside(state, node) : { width: 0, height: 0, shapes: [] };
  const width = Math.max(WIDTH, inner.width + 2 * PAD);
  const height = opened ? HEIGHT + inner.height + PAD : HEIGHT;
  const button = drawn("g", { role: "button", tabindex: 0, "data-node": node.id, "aria-expanded": opened, "aria-label": spoken(state, node, lines), class: "head" },
    drawn("rect", { width, height: HEIGHT, rx: 8, class: "hit" }), ...lines.map((line, index) => drawn("text", { x: 14, y: 21 + index * 17, class: index ? "small" : "title" }, cut(line, index ? 28 : 24))),
    drawn("text", { x: width - 20, y: 21, class: "small" }, opened ? "−" : "+"), drawn("title", {}, lines.join("\n")));
  const body = drawn("g", { transform: `translate(${(width - inner.width) / 2} ${HEIGHT})` }, ...inner.shapes);
  return { width, height, shape: drawn("g", { class: `node ${kind}` }, drawn("rect", { width, height, rx: 8, class: "frame" }), button, body) };
}

function endBox(state, node) {
  const carried = state.graph.edges.filter((edge) => edge[node.end === "input" ? "from" : "to"] === node.id).flatMap((edge) => edge.tensors);
  const title = node.end === "input" ? "Input" : "Output";
  const text = node.subgraph ? `${title} of subgraph ${node.subgraph}` : title;
  const detail = new Set(carried.map((tensor) => `${tensor.dtype} ${shapeOf(tensor)}`));
  const width = WIDTH;
  const line = detail.size === 1 ? [...detail][0] : count(new Set(carried.map((tensor) => tensor.name)).size, "tensor");
  return { width, height: 46, shape: drawn("g", { class: "node end" }, drawn("rect", { width, height: 46, rx: 23, class: "frame" }),
    drawn("text", { x: width / 2, y: 19, class: "title middle" }, text), drawn("text", { x: width / 2, y: 35, class: "small middle" }, cut(line, 28)), drawn("title", {}, carried.slice(0, 12).map(describeTensor).join("\n"))) };
}

function stateOfRun(node) {
  return node.operators.some((operator) => !operator.supported) ? "r" : "l";
}

/** Whether a partition runs on the delegate, or was selected in vain or comes out wrong. */
function partitionState(state, node) {
  const { verdict } = state.model.audits[state.audit].summary;
  const severe = ({ findings }) => findings.some((found) => ["wrong", "fails", "crash"].includes(packed.findings[found].severity));
  return verdict === "fails" || verdict === "crash" || (verdict === "wrong" && node.operators.some(severe)) ? "b" : "d";
}

const MARKS = { d: "●", l: "◐", r: "✕", b: "▲" };

function nodeLines(state, node) {
  const { operators, partition, subgraph } = node;
  const macs = operators.reduce((sum, operator) => sum + (operator.macs ?? 0), 0);
  const where = subgraph ? `subgraph ${subgraph}: ` : "";
  const size = where + [count(operators.length, "operator"), ...(macs ? [`${scaled(macs, "")} MACs`] : [])].join(", ");
  if (partition !== null) return [`${MARKS[partitionState(state, node)]} Partition ${partition}`, size, kindsOf(operators)];
  const title = operators.length === 1 ? `${place(operators[0].subgraph, operators[0].index)} ${operators[0].custom ?? operators[0].op}` : "Not delegated";
  return [`${MARKS[stateOfRun(node)]} ${title}`, size, operators.length === 1 ? why(operators[0]) : kindsOf(operators)];
}

function why(operator) {
  return operator.supported ? `accepted, ${operator.lost ? `lost to ${LOST[operator.lost]}` : "yet not delegated"}` : "refused";
}

function kindsOf(operators) {
  const found = new Map();
  for (const operator of operators) found.set(operator.custom ?? operator.op, (found.get(operator.custom ?? operator.op) ?? 0) + 1);
  return [...found].sort((one, other) => other[1] - one[1]).slice(0, 3).map(([name, number]) => `${number} ${name}`).join(", ");
}

function spoken(state, node, lines) {
  const heard = (side, word) => state.graph.edges.filter((edge) => edge[side] === node.id).map((edge) => `${word} ${edge.label}`);
  return [...lines, ...heard("to", "receives"), ...heard("from", "hands on")].join("; ").replace(/[●◐✕▲] /, "");
}

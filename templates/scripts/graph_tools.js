/* Looking around in a graph: its size on the screen, and the boxes that hold what is looked for. */

const SMALLEST = 0.25, LARGEST = 4, STEP = 1.25;

/** The buttons that make a graph larger and smaller. */
function zoomable(state, form) {
  state.zoom = 1;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) scale(state, button.dataset.zoom);
  });
  state.canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    scale(state, event.deltaY < 0 ? "in" : "out");
  }, { passive: false });
}

function scale(state, way) {
  const svg = state.canvas.querySelector("svg");
  if (!svg) return;
  const { width, height } = svg.viewBox.baseVal;
  const whole = Math.min(1, (state.canvas.clientWidth - 2) / width, (window.innerHeight * 0.85 - 2) / height);
  const wanted = { in: state.zoom * STEP, out: state.zoom / STEP, whole, one: 1 }[way];
  state.zoom = Math.min(LARGEST, Math.max(Math.min(SMALLEST, whole), wanted));
  resize(state);
}

/** Gives a graph that was drawn the size that it was brought to. */
function resize(state) {
  const svg = state.canvas.querySelector("svg");
  if (!svg) return;
  const { width, height } = svg.viewBox.baseVal;
  svg.setAttribute("width", Math.round(width * state.zoom));
  svg.setAttribute("height", Math.round(height * state.zoom));
}

/** Looks for operators by number, kind or output; brings the first to sight, and says how many there are. */
function seek(state, text, output) {
  state.words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const { boxes, rows, operators } = mark(state);
  (rows[0] ?? boxes[0])?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (state.words.length) output.value = `${count(operators, "operator")} in ${boxes.length === 1 ? "1 box" : `${boxes.length} boxes`}`;
}

/** Marks what is looked for: the boxes that hold it and, where these are open, its rows. */
function mark(state) {
  const { canvas, words = [] } = state;
  const sought = ({ subgraph, index, custom, op, output }) => {
    const number = place(subgraph, index);
    const said = `${number} ${custom ?? op} ${output ?? ""}`.toLowerCase();
    return words.length > 0 && words.every((word) => (word.startsWith("#") ? word === number : said.includes(word)));
  };
  const found = state.graph.nodes.map((node) => ({ id: node.id, operators: (node.operators ?? []).filter(sought) }))
    .filter(({ operators }) => operators.length);
  const operators = found.flatMap((node) => node.operators);
  const lines = new Map([...canvas.querySelectorAll("a[href]")].map((line) => [line.getAttribute("href"), line]));
  const boxes = found.map(({ id }) => canvas.querySelector(`[data-node="${id}"]`)?.parentElement).filter(Boolean);
  const rows = operators.map(({ subgraph, index }) => lines.get(`#${anchor(state.number, subgraph, index)}`)).filter(Boolean);
  for (const marked of canvas.querySelectorAll(".sought")) marked.classList.remove("sought");
  for (const shape of [...boxes, ...rows]) shape.classList.add("sought");
  return { boxes, rows, operators: operators.length };
}

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

/** Marks the boxes that hold an operator whose number, kind or output is looked for; brings the first to sight. */
function seek(state, text, output) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = ({ operators }) => words.length > 0 && (operators ?? []).some((operator) => {
    const said = `${place(operator.subgraph, operator.index)} ${operator.custom ?? operator.op} ${operator.output ?? ""}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
  const found = state.graph.nodes.filter(holds);
  const shapes = found.map(({ id }) => state.canvas.querySelector(`[data-node="${id}"]`)?.parentElement).filter(Boolean);
  for (const marked of state.canvas.querySelectorAll(".sought")) marked.classList.remove("sought");
  for (const shape of shapes) shape.classList.add("sought");
  shapes[0]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (words.length) output.value = found.length === 1 ? "in 1 box" : `in ${found.length} boxes`;
}

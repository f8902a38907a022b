/* The matrix: filters, sorting; and the causes of one delegate. */

/** Rows that are put in at once: more than any screen shows. The others follow, some in every frame. */
const FIRST_ROWS = 120, MORE_ROWS = 250;

const matrices = new Map();

/** One model's matrix: which of its rows are shown, in which order. */
class Matrix {
  constructor(table) {
    this.number = Number(table.dataset.model);
    this.model = packed.models[this.number];
    this.table = table;
    this.body = table.tBodies[0];
    this.rows = [...this.body.rows];
    this.positions = new Map(this.rows.map((row, position) => [row, position]));
    this.ids = new Map(this.rows.map((row) => [row.id, row]));
    this.ordered = this.rows;
    this.fits = () => true;
  }

  /** Shows what fits, and says how much that is. */
  apply() {
    const shown = this.ordered.filter(this.fits);
    const frame = (this.frame = Symbol());
    this.body.replaceChildren(...shown.slice(0, FIRST_ROWS));
    const more = (start) => {
      if (this.frame !== frame || start >= shown.length) return;
      this.body.append(...shown.slice(start, start + MORE_ROWS));
      setTimeout(more, 30, start + MORE_ROWS);
    };
    setTimeout(more, 60, FIRST_ROWS);
    return shown.length;
  }
}

/** Show the rows of one model's matrix that hold all that its filter asks for. */
function filterRows(form) {
  const matrix = matrices.get(Number(form.dataset.model));
  const { text, kind, state } = form.elements;
  const output = form.querySelector("output");
  const known = searchable(matrix);
  matrix.fits = (row) => {
    const entry = known.get(row);
    const placed = !state.value || (state.value === "any" ? entry.off.includes(true) : entry.off[state.value]);
    return placed && (!kind.value || entry.kind === kind.value) && matrix.words.every((word) => entry.text.includes(word));
  };
  matrix.words = [];
  const apply = () => {
    matrix.words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = matrix.apply();
    output.value = shown === matrix.rows.length ? "" : `${shown} of ${matrix.rows.length} operators`;
  };
  matrix.showAll = () => {
    form.reset();
    apply();
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** What is searched in each row: what it shows, and the whole name of its output. */
function searchable(matrix) {
  const whole = packed.node.indexOf("output");
  return new Map(matrix.rows.map((row, position) => [row, {
    text: `${row.textContent} ${matrix.model.nodes[position][whole]}`.toLowerCase(),
    kind: row.cells[1].textContent,
    off: [...row.cells].slice(4).map((cell) => !cell.classList.contains("d")),
  }]));
}

/** Show the causes of one delegate. */
function filterCauses(form) {
  const causes = document.querySelectorAll(`#${form.dataset.causes} .cause`);
  const rest = document.querySelectorAll(`#${form.dataset.causes} .rest`);
  const changes = document.querySelectorAll(`#${form.dataset.causes} .change`);
  form.hidden = false;
  form.addEventListener("input", () => {
    const wanted = form.elements.delegate.value;
    for (const details of rest) details.open = wanted !== "";
    for (const cause of causes) cause.hidden = wanted !== "" && !cause.dataset.audits.split(" ").includes(wanted);
    for (const change of changes) change.hidden = !change.querySelector(".cause:not([hidden])");
  });
}

/** Let every column of a matrix sort its rows, up and down. */
function sortable(matrix) {
  const macs = packed.node.indexOf("macs");
  const position = (row) => matrix.positions.get(row);
  const keys = [position, null, null, (row) => matrix.model.nodes[position(row)][macs] ?? -1];
  const headers = [...matrix.table.tHead.rows[0].cells];
  headers.forEach((cell, column) => {
    const key = keys[column] ?? ((row) => row.cells[column].textContent);
    const button = element("button", cell.textContent);
    button.type = "button";
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      // The largest numbers are what one looks for; names begin with A, execution with the first.
      const up = cell.ariaSort ? cell.ariaSort === "descending" : column !== 3;
      for (const other of headers) other.removeAttribute("aria-sort");
      cell.ariaSort = up ? "ascending" : "descending";
      const keyed = matrix.rows.map((row) => [key(row), position(row), row]);
      const sign = up ? 1 : -1;
      keyed.sort(([a, i], [b, j]) => (a < b ? -sign : a > b ? sign : i - j));
      matrix.ordered = keyed.map(([, , row]) => row);
      matrix.apply();
    });
  });
}

/** The row of an operator, brought back where a filter has put it away. */
function rowOf(id) {
  for (const matrix of matrices.values()) {
    const row = matrix.ids.get(id);
    if (!row) continue;
    if (!row.isConnected) matrix.showAll();
    return { matrix, row };
  }
  return null;
}

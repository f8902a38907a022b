/* The matrix: filters, sorting; and the causes of one delegate. */

/** Show the rows of one model's matrix that hold all that its filter asks for. */
function filterRows(form) {
  const rows = [...document.getElementById(`${form.dataset.for}-matrix`).tBodies[0].rows];
  const nodes = packed.models[Number(form.dataset.model)].nodes;
  const whole = packed.node.indexOf("output");
  const known = rows.map((row, position) => ({
    row,
    text: `${row.textContent} ${nodes[position][whole]}`.toLowerCase(),
    kind: row.cells[1].textContent,
    off: [...row.cells].slice(4).map((cell) => !cell.classList.contains("d")),
  }));
  const { text, kind, state } = form.elements;
  const output = form.querySelector("output");
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of known) {
      const placed = !state.value || (state.value === "any" ? entry.off.includes(true) : entry.off[state.value]);
      const fits = placed && (!kind.value || entry.kind === kind.value) && words.every((word) => entry.text.includes(word));
      if (entry.row.hidden === fits) entry.row.hidden = !fits;
      shown += fits;
    }
    output.value = shown === known.length ? "" : `${shown} of ${known.length} operators`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** Show the causes of one delegate. */
function filterCauses(form) {
  const causes = document.querySelectorAll(`#${form.dataset.causes} .cause`);
  form.hidden = false;
  form.addEventListener("input", () => {
    const wanted = form.elements.delegate.value;
    for (const cause of causes) cause.hidden = wanted !== "" && !cause.dataset.audits.split(" ").includes(wanted);
  });
}

/** Let every column of a matrix sort its rows, up and down. */
function sortable(table) {
  const model = packed.models[Number(table.dataset.model)];
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const order = new Map(rows.map((row, position) => [row, position]));
  const macs = packed.node.indexOf("macs");
  const keys = [(row) => order.get(row), null, null, (row) => model.nodes[order.get(row)][macs] ?? -1];
  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const key = keys[column] ?? ((row) => row.cells[column].textContent);
    const button = element("button", cell.textContent);
    button.type = "button";
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      // The largest numbers are what one looks for; names begin with A, execution with the first.
      const up = cell.ariaSort ? cell.ariaSort === "descending" : column !== 3;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      cell.ariaSort = up ? "ascending" : "descending";
      const keyed = rows.map((row) => [key(row), order.get(row), row]);
      const sign = up ? 1 : -1;
      keyed.sort(([a, i], [b, j]) => (a < b ? -sign : a > b ? sign : i - j));
      body.append(...keyed.map(([, , row]) => row));
    });
  });
  table.positionOf = (row) => order.get(row);
}

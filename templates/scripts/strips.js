/* Execution order: what is under the pointer is named, and a click leads to what keeps it off the delegate. */

function followStrip(strip) {
  const matrix = matrices.get(Number(strip.dataset.model));
  const column = 4 + Number(strip.dataset.strip);
  const svg = strip.querySelector("svg");
  const pointed = strip.closest("section").querySelector(".pointed");
  const rowAt = (event) => {
    const { left, width } = svg.getBoundingClientRect();
    const share = Math.min(0.999999, Math.max(0, (event.clientX - left) / width));
    return matrix.rows[Math.floor(share * matrix.rows.length)];
  };
  svg.addEventListener("pointermove", (event) => (pointed.textContent = inWords(matrix, rowAt(event), column)));
  svg.addEventListener("pointerleave", () => (pointed.textContent = ""));
  svg.addEventListener("click", (event) => {
    const row = rowAt(event);
    const cause = row.cells[column].querySelector("a");
    const target = cause ? cause.getAttribute("href") : `#${row.id}`;
    if (location.hash === target) follow();
    else location.hash = target;
  });
  svg.classList.add("live");
}

/** `#12 LEAKY_RELU in leaky_re_lu_12: refused`. */
function inWords(matrix, row, column) {
  const layer = sourceLayers(matrix.model, matrix.positions.get(row)).join(", ");
  const said = `${row.cells[0].textContent} ${row.cells[1].textContent}`;
  return `${said}${layer ? ` in ${cut(layer, 80)}` : ""}: ${row.cells[column].textContent}`;
}

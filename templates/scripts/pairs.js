/* The operators of two models side by side: those that changed, or that are looked for. */

function filterPairs(form) {
  const matrix = new Matrix(form.parentElement.querySelector(".pairs"));
  const { text, delegate, change } = form.elements;
  const output = form.querySelector("output");
  const known = new Map(matrix.rows.map((row) => [row, {
    text: [...row.cells].slice(0, 3).map((cell) => cell.textContent).join(" ").toLowerCase(),
    changes: [...row.cells].slice(4).map((cell) => cell.className.replace("c-", "")),
  }]));
  const wanted = (changes) => (delegate.value === "" ? changes : [changes[delegate.value]]);
  matrix.fits = (row) => {
    const entry = known.get(row);
    const changed = !change.value || wanted(entry.changes).some((one) => one === change.value || (change.value === "any" && one !== "same"));
    return changed && matrix.words.every((word) => entry.text.includes(word));
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    matrix.words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = matrix.apply();
    output.value = shown === matrix.rows.length ? "" : `${shown} of ${matrix.rows.length} operators`;
  });
}

/* The models that have a verdict, or a name, that is looked for. */

function filterModels(form) {
  const rows = [...form.parentElement.querySelectorAll(".overview tbody tr")];
  const { text, verdict, delegate } = form.elements;
  const output = form.querySelector("output");
  const cells = (row) => [...row.cells].slice(1).filter((_, column) => delegate.value === "" || column === Number(delegate.value));
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const name = row.cells[0].textContent.toLowerCase();
      const said = !verdict.value || cells(row).some((cell) => cell.dataset.verdict === verdict.value);
      row.hidden = !said || !words.every((word) => name.includes(word));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    output.value = shown === rows.length ? "" : `${shown} of ${rows.length} models`;
  });
}

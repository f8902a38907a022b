"use strict";
(() => {
  const form = document.querySelector("form.filter");
  const { text, delegate, status } = form.elements;
  const output = form.querySelector("output");
  const known = [...document.querySelector("table.coverage").tBodies[0].rows].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    statuses: [...row.querySelectorAll("td")].map((cell) => cell.dataset.status),
  }));

  /** Show the operators that hold all that the filter asks for. */
  function apply() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text: said, statuses } of known) {
      const asked = delegate.value === "" ? statuses : [statuses[delegate.value]];
      const fits = (!status.value || asked.includes(status.value)) && words.every((word) => said.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    output.value = shown === known.length ? "" : `${shown} of ${known.length} operators`;
  }

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
})();

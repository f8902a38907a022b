/* What happens on the page, begun. */

/** Open the operator, or show the cause, that the address asks for. */
function follow() {
  const id = location.hash.slice(1);
  const operator = rowOf(id);
  const target = operator?.row ?? document.getElementById(id);
  if (target) document.getElementById("switch")?.reveal(target);
  if (operator) show(operator);
  else if (target) uncover(target);
}

/** Brings a cause to sight that is filtered away or folded in. */
function uncover(target) {
  const folded = () => target.closest("details:not([open])");
  const change = target.closest(".change[hidden]");
  if (!folded() && !target.hidden && !change) return;
  target.hidden = false;
  if (change) change.hidden = false;
  for (let details = folded(); details; details = folded()) details.open = true;
  target.scrollIntoView();
}

const button = document.getElementById("download");
button.hidden = false;
button.addEventListener("click", download);
document.querySelectorAll("#switch").forEach(switchable);
document.querySelectorAll("table.matrix[data-model]").forEach((table) => {
  const matrix = new Matrix(table);
  matrices.set(matrix.number, matrix);
  sortable(matrix);
});
document.querySelectorAll("form[data-overview]").forEach(filterModels);
document.querySelectorAll("form[data-pairs]").forEach(filterPairs);
document.querySelectorAll("form[data-for]").forEach(filterRows);
document.querySelectorAll("form[data-causes]").forEach(filterCauses);
document.querySelectorAll("[data-strip]").forEach(followStrip);
document.querySelectorAll("[data-handover]").forEach(copyable);
document.querySelectorAll("form[data-graph]").forEach(showGraph);
addEventListener("hashchange", follow);
// Following a link inside a page takes the focus away from it; closing what it opened gives it back.
dialog.addEventListener("close", () => opener?.focus());
let opener = null;
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  opener = link;
  if (link && decodeURIComponent(link.getAttribute("href")) === location.hash) follow();
});
follow();

// On paper nothing can be opened any more.
const opened = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details:not([open])")) {
    details.open = true;
    opened.push(details);
  }
});
addEventListener("afterprint", () => opened.splice(0).forEach((details) => (details.open = false)));

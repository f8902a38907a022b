"use strict";
(() => {
  const { verdicts, files } = JSON.parse(document.getElementById("data").textContent);
  const form = document.querySelector("form.filter");
  const { text, delegate, verdict, before, after } = form.elements;
  const output = form.querySelector("output");
  const body = document.getElementById("models").tBodies[0];
  const ROWS = 100;
  let fitting = files;
  let start = 0;

  /** A cell that holds a text. */
  function cell(kind, said, name) {
    const made = document.createElement(kind);
    made.textContent = said;
    if (name) made.className = name;
    return made;
  }

  /** A file's row: its path, how many operators it has, a verdict for each delegate that was asked. */
  function row([path, operators, places]) {
    const made = document.createElement("tr");
    const named = cell("th", path);
    named.scope = "row";
    made.append(named, cell("td", operators.toLocaleString("en"), "n"));
    for (const word of [...places].map((place) => verdicts[place])) made.append(word ? cell("td", word, `v-${word}`) : cell("td", "-"));
    if (!places) made.append(cell("td", "not audited", "unread"));
    return made;
  }

  /** Show one screen of the files that fit. */
  function show() {
    body.replaceChildren(...fitting.slice(start, start + ROWS).map(row));
    before.disabled = start === 0;
    after.disabled = start + ROWS >= fitting.length;
    const last = Math.min(start + ROWS, fitting.length);
    output.value = fitting.length ? `${start + 1} to ${last} of ${fitting.length.toLocaleString("en")}` : "none";
  }

  /** Find the files that hold all that the filter asks for. */
  function apply() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const asked = verdict.value && String(verdicts.indexOf(verdict.value));
    const held = (places) => (delegate.value === "" ? places.includes(asked) : places[delegate.value] === asked);
    fitting = files.filter(([path, , places]) => {
      const lower = path.toLowerCase();
      return (!asked || held(places)) && words.every((word) => lower.includes(word));
    });
    start = 0;
    show();
  }

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  before.addEventListener("click", () => { start -= ROWS; show(); });
  after.addEventListener("click", () => { start += ROWS; show(); });
  show();
})();

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

  /** A file's row: its path, how many operators it has, a verdict for each delegate. */
  function row([path, operators, , letters]) {
    const made = document.createElement("tr");
    const named = cell("th", path);
    named.scope = "row";
    made.append(named, cell("td", operators.toLocaleString("en"), "n"));
    if (letters) for (const letter of letters) made.append(cell("td", verdicts[letter], `v-${verdicts[letter]}`));
    else made.append(cell("td", "not audited", "unread"));
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
    const asked = verdict.value;
    const held = (letters) => (delegate.value === "" ? letters.includes(asked) : letters[delegate.value] === asked);
    fitting = files.filter(([path, , , letters]) => {
      const lower = path.toLowerCase();
      return (!asked || held(letters)) && words.every((word) => lower.includes(word));
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

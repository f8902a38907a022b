"use strict";
(() => {
  const packed = JSON.parse(document.getElementById("data").textContent);

  /** What the JSON format would have said: `packed` with nodes, placements and findings put together again. */
  function unpack() {
    const { node, placement, findings, models, ...rest } = packed;
    return { ...rest, models: models.map((model) => unpackModel(model, node, placement, findings)) };
  }

  function unpackModel({ nodes, audits, ...model }, node, placement, findings) {
    const whole = audits.map(({ placements, ...audit }) => {
      const operators = nodes.map((values, position) => {
        const operator = named(node, values);
        const placed = named(placement, placements[position]);
        for (const claim of ["supported", "folded", "delegated"]) placed[claim] = Boolean(placed[claim]);
        return { ...operator, ...placed, findings: placed.findings.map((index) => findings[index]) };
      });
      return { ...audit, operators };
    });
    return { ...model, audits: whole };
  }

  function named(names, values) {
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(unpack())], { type: "application/json" }));
    link.download = "delegate-audit.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /** Show the rows of one model's matrix that hold all that its filter asks for. */
  function filter(form) {
    const rows = [...document.getElementById(`${form.dataset.for}-matrix`).tBodies[0].rows];
    const known = rows.map((row) => ({
      row,
      text: row.textContent.toLowerCase(),
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

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function facts(pairs) {
    const list = element("dl");
    for (const [name, value] of pairs) {
      if (value === null || value === undefined || value === "") continue;
      const said = element("dd");
      said.append(element("bdi", String(value)));
      list.append(element("dt", name), said);
    }
    return list;
  }

  const LOST = {
    limit: "the partition limit", minimum: "the minimum size of a partition", dynamic: "a dynamic tensor",
    refused: "the CPU, which refuses the graph", "rolled-back": "a roll-back", crash: "a crash", graph: "the graph's shape",
  };

  function placed(placement) {
    if (placement.delegated) return placement.partition === null ? "delegated" : `delegated in partition ${placement.partition}`;
    if (placement.folded) return "folded: its float16 constant is read through";
    if (placement.supported) return placement.lost ? `accepted, but lost to ${LOST[placement.lost]}` : "accepted, yet on the CPU";
    return "refused";
  }

  function finding(found) {
    const block = element("div", undefined, `finding ${found.severity}`);
    block.append(element("p", found.message));
    block.append(facts([
      ["expected", found.expected], ["found", found.actual], ["operand", found.operand],
      ["fix", found.fix], ["rule", found.rule], ["source", found.source],
    ]));
    return block;
  }

  const dialog = document.getElementById("details");
  const headings = (row) => [...row.closest("table").tHead.rows[0].cells].slice(4).map((cell) => cell.textContent);

  /** Everything about the operator of one row. */
  function show(row) {
    const model = packed.models[Number(row.id.slice(1).split("-")[0])];
    const position = row.sectionRowIndex;
    const operator = named(packed.node, model.nodes[position]);
    const body = dialog.querySelector("div");
    dialog.querySelector("h2").textContent = `#${operator.index} ${operator.custom ?? operator.op}`;
    body.replaceChildren(facts([
      ["output", operator.output], ["version", operator.version], ["subgraph", operator.subgraph],
      ["MACs", operator.macs === null ? null : operator.macs.toLocaleString("en")],
    ]));
    headings(row).forEach((name, index) => {
      const placement = named(packed.placement, model.audits[index].placements[position]);
      body.append(element("h3", `${name}: ${placed(placement)}`));
      placement.findings.forEach((found) => body.append(finding(packed.findings[found])));
    });
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.matches(".matrix tbody tr")) {
      target.hidden = false;
      show(target);
    } else if (target && target.hidden) {
      target.hidden = false;
      target.scrollIntoView();
    }
  }

  const button = document.getElementById("download");
  button.hidden = false;
  button.addEventListener("click", download);
  document.querySelectorAll("form[data-for]").forEach(filter);
  document.querySelectorAll("form[data-causes]").forEach(filterCauses);
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) follow();
  });
  follow();
})();

/* The audit that stands in the page, and how it becomes what the JSON format would have said. */

const packed = JSON.parse(document.getElementById("data").textContent);
packed.models.forEach(restore);

/** Names of tensors made whole again, and those of operators' outputs out of them. */
function restore({ nodes, operands, tensors }) {
  if (!tensors) return;
  for (const list of tensors) {
    // In code points, as they were counted.
    let before = [];
    for (const tensor of list) {
      before = [...before.slice(0, tensor[0]), ...tensor[1]];
      tensor[1] = before.join("");
    }
  }
  const [subgraph, output] = ["subgraph", "output"].map((name) => packed.node.indexOf(name));
  nodes.forEach((node, position) => {
    const [first] = operands[position][1];
    if (first >= 0) node[output] = tensors[node[subgraph]][first][1];
  });
}

/** Values of a row under the names of its columns. */
function named(names, values) {
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

function unpack() {
  const { node, placement, findings, kinds, options, shapes, ...rest } = packed;
  return { ...rest, models: rest.models.map((model) => unpackModel(model, node, placement, findings)) };
}

function unpackModel({ nodes, operands, tensors, audits, ...model }, node, placement, findings) {
  const whole = audits.map(({ placements, ...audit }) => {
    const operators = nodes.map((values, position) => {
      const placed = named(placement, placements[position]);
      for (const claim of ["supported", "folded", "delegated"]) placed[claim] = Boolean(placed[claim]);
      return { ...named(node, values), ...placed, findings: placed.findings.map((index) => findings[index]) };
    });
    return { ...audit, operators };
  });
  return { ...model, audits: whole };
}

function download() {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(unpack())], { type: "application/json" }));
  link.download = "delegate-audit.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** An operator's place as its own row has it: `#41`, in subgraphs after the first `#1/41`. */
function place(subgraph, index) {
  return subgraph ? `#${subgraph}/${index}` : `#${index}`;
}

/** The `id` of an operator's row. */
function anchor(model, subgraph, index) {
  return `${model ? `m${model}-` : ""}op-${subgraph}-${index}`;
}

/** What a tensor is: `packed.shapes` holds each combination of what tensors share once. */
function tensorOf(model, subgraph, index) {
  const [, name, shape, quantization] = model.tensors[subgraph][index];
  const [dtype, dimensions, bytes, marks] = packed.shapes[shape];
  return { name, dtype, dimensions, bytes, marks, quantization };
}

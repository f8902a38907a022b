/* The audit that stands in the page, and how it becomes what the JSON format would have said. */

const packed = JSON.parse(document.getElementById("data").textContent);
const names = wholeNames(packed.names);
packed.models.forEach(restore);

/** Each begins with so many characters of the one before it, counted as code points. */
function wholeNames(shortened) {
  let before = [];
  return shortened.map(([same, rest]) => {
    before = [...before.slice(0, same), ...rest];
    return before.join("");
  });
}

/** Names of operators' outputs, out of those of tensors. */
function restore({ nodes, operands, tensors }) {
  if (!tensors) return;
  const [subgraph, output] = ["subgraph", "output"].map((name) => packed.node.indexOf(name));
  nodes.forEach((node, position) => {
    const [first] = operands[position][1];
    if (first >= 0) node[output] = nameOf(tensors[node[subgraph]][first]);
  });
}

/** Values of a row under the names of its columns. */
function named(names, values) {
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

function unpack() {
  const { node, placement, findings, kinds, names: shortened, options, shapes, layers, ...rest } = packed;
  return { ...rest, models: rest.models.map((model) => unpackModel(model, node, placement, findings)) };
}

function unpackModel({ nodes, operands, tensors, audits, layers, ...model }, node, placement, findings) {
  const whole = audits.map(({ placements, ...audit }) => {
    const operators = nodes.map((values, position) => {
      const placed = named(placement, placements[position]);
      for (const claim of ["supported", "folded", "delegated"]) placed[claim] = Boolean(placed[claim]);
      if (placed.placement === 1) placed.placement = "delegate";
      return { ...named(node, values), ...placed, findings: placed.findings.map((index) => findings[index]) };
    });
    return { ...audit, operators };
  });
  return { ...model, audits: whole };
}

/** The layers of the source that an operator comes from, as far as names of tensors tell of them. */
function sourceLayers(model, position) {
  return (model.layers?.[position] ?? []).map((index) => packed.layers[index]);
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

function nameOf([parts]) {
  return parts.map((part) => names[part]).join(";");
}

/** What a tensor is: `packed.shapes` holds each combination of what tensors share once. */
function tensorOf(model, subgraph, index) {
  const [, shape, quantization] = model.tensors[subgraph][index];
  const [dtype, dimensions, bytes, marks] = packed.shapes[shape];
  return { name: nameOf(model.tensors[subgraph][index]), dtype, dimensions, bytes, marks, quantization };
}

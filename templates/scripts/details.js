/* Everything about one operator, in a dialog. */

const LOST = {
  limit: "the partition limit", minimum: "the minimum size of a partition", dynamic: "a dynamic tensor",
  refused: "the CPU, which refuses the graph", "rolled-back": "a roll-back", crash: "a crash", graph: "the graph's shape",
};

function placed(placement, { verdict }) {
  if (placement.delegated && (verdict === "fails" || verdict === "crash")) return "selected in vain: nothing runs on the delegate";
  if (placement.delegated) return placement.partition === null ? "delegated" : `delegated in partition ${placement.partition}`;
  if (placement.folded) return "folded: its float16 constant is read through";
  const where = placement.placement === "reference" ? "; runs on the reference kernels" : placement.placement ? `; runs on ${placement.placement.toUpperCase()}` : "";
  if (placement.supported) return (placement.lost ? `accepted, but lost to ${LOST[placement.lost]}` : "accepted, yet on the CPU") + where;
  return `refused${where}`;
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
const headings = ({ table }) => [...table.tHead.rows[0].cells].slice(4).map((cell) => cell.textContent);

/** Everything about the operator of one row. */
function show({ matrix, row }) {
  const { model } = matrix;
  const position = matrix.positions.get(row);
  const operator = named(packed.node, model.nodes[position]);
  const sources = sourceLayers(model, position);
  const body = dialog.querySelector("div");
  dialog.querySelector("h2").textContent = `${place(operator.subgraph, operator.index)} ${operator.custom ?? operator.op}`;
  body.replaceChildren(facts([
    ["output", operator.output], [sources.length > 1 ? "source layers" : "source layer", sources.join(", ")], ["version", operator.version],
    ["MACs", operator.macs ? scaled(operator.macs, "") : null],
  ]));
  headings(matrix).forEach((name, index) => {
    const placement = named(packed.placement, model.audits[index].placements[position]);
    body.append(element("h3", `${name}: ${placed(placement, model.audits[index].summary)}`));
    placement.findings.forEach((found) => body.append(finding(packed.findings[found])));
  });
  if (model.operands) body.append(...operandTables(model, operator, model.operands[position]));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function operandTables(model, operator, [inputs, outputs, kind, options]) {
  const [inputNames, outputNames] = packed.kinds[kind];
  const rows = (indices, names) => indices.map((index, position) => operandRow(model, operator, names[position], index));
  const table = element("table");
  const head = element("tr");
  for (const name of ["Operand", "Type", "Shape", "Quantization", "Tensor"]) {
    const cell = element("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  table.append(element("thead"), element("tbody"));
  table.tHead.append(head);
  table.tBodies[0].append(...rows(inputs, inputNames), ...rows(outputs, outputNames));
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  scroll.role = "region";
  scroll.ariaLabel = "Operands";
  scroll.append(table);
  const chosen = Object.entries(packed.options[options]).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : value]);
  return [element("h3", "Operands"), scroll, ...(chosen.length ? [element("h3", "Options"), facts(chosen)] : [])];
}

function operandRow(model, operator, name, index) {
  const row = element("tr");
  const head = element("th", name);
  head.scope = "row";
  row.append(head);
  if (index < 0) {
    const left = element("td", "left out", "quiet");
    left.colSpan = 4;
    row.append(left);
    return row;
  }
  const tensor = tensorOf(model, operator.subgraph, index);
  const tensorName = element("td");
  tensorName.append(element("bdi", tensor.name));
  const kind = [tensor.dtype, ...tensor.marks].join(", ");
  row.append(element("td", kind), element("td", sizes(tensor)), element("td", quantized(tensor.quantization)), tensorName);
  return row;
}

function shapeOf({ dimensions }) {
  return dimensions.map((size) => size ?? "?").join("×") || "scalar";
}

function sizes({ dimensions, bytes }) {
  const shape = shapeOf({ dimensions });
  return bytes === null ? shape : `${shape} (${scaled(bytes, "B")})`;
}

function describeTensor(tensor) {
  return `${tensor.name}: ${tensor.dtype} ${sizes(tensor)}`;
}

function quantized(found) {
  if (!found) return "";
  const [scales, scale, zero, axis, details] = found;
  const words = [];
  if (scale !== null && scale !== undefined) words.push(`scale ${Number(scale.toPrecision(6))}`, `zero point ${zero ?? 0}`);
  else if (scales) words.push(`${scales} scales${axis === null || axis === undefined ? "" : ` along dimension ${axis}`}`);
  if (details) words.push(details);
  return words.join(", ");
}

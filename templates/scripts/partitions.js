/* Operators -> what a graph shows: partitions, the runs of other operators between them, and what crosses. */

/** Nodes and edges of one delegate's audit; operators are positions in the model's list. */
function partitionGraph(model, audit) {
  const operators = model.nodes.map((values, position) => ({
    ...named(packed.node, values), ...named(packed.placement, audit.placements[position]), position,
    inputs: model.operands[position][0], outputs: model.operands[position][1],
  }));
  const graph = { nodes: [], edges: [], operators };
  for (const subgraph of model.subgraphs) {
    const inside = operators.filter((operator) => operator.subgraph === subgraph.index);
    joinSubgraph(graph, model, subgraph, inside);
  }
  return graph;
}

function joinSubgraph(graph, model, subgraph, operators) {
  const flow = dataFlow(model, subgraph, operators);
  const kept = operators.filter((operator) => !readThrough(operator, flow, subgraph));
  const owner = new Map();
  for (const group of runs(kept, flow)) {
    const node = { ...group, id: `n${graph.nodes.length}`, subgraph: subgraph.index };
    graph.nodes.push(node);
    for (const operator of group.operators) owner.set(operator.position, node);
  }
  connect(graph, model, subgraph, kept, flow, owner);
}

/** Which operators write and read each tensor. */
function dataFlow(model, subgraph, operators) {
  const writers = new Map(), readers = new Map();
  for (const operator of operators) {
    for (const tensor of operator.outputs) listed(writers, tensor).push(operator);
    for (const tensor of new Set(operator.inputs)) listed(readers, tensor).push(operator);
  }
  return { writers, readers };
}

function listed(map, key) {
  if (!map.has(key)) map.set(key, []);
  return map.get(key);
}

/** Whether all that reads a folded operator's output reads its constant instead: it never runs. */
function readThrough(operator, flow, subgraph) {
  const given = operator.outputs.some((tensor) => subgraph.outputs.includes(tensor));
  const readers = operator.outputs.flatMap((tensor) => flow.readers.get(tensor) ?? []);
  return Boolean(operator.folded) && !operator.delegated && !given && readers.every((reader) => reader.delegated);
}

/** The operators that must have run before this one. */
function before(operator, flow) {
  const found = operator.inputs.flatMap((tensor) => flow.writers.get(tensor) ?? []);
  return found.filter((other) => other.position < operator.position);
}

/** Partitions and, in turn with them, everything else that is ready to run. */
function* runs(operators, flow) {
  const done = new Set(operators.length ? [] : operators);
  const known = new Set(operators);
  const ready = (operator, own) =>
    before(operator, flow).every((other) => done.has(other) || !known.has(other) || own?.has(other));
  const partitions = new Map();
  for (const operator of operators) if (operator.delegated) listed(partitions, operator.partition).push(operator);
  let left = operators.filter((operator) => !operator.delegated);
  while (left.length || partitions.size) {
    const size = done.size;
    const run = left.filter((operator) => ready(operator) && done.add(operator));
    left = left.filter((operator) => !done.has(operator));
    for (const piece of connected(run, flow)) yield { partition: null, operators: piece };
    for (const [partition, members] of [...partitions]) {
      const own = new Set(members);
      // Where nothing can go on, the graph has a cycle: what is left is shown as it comes.
      if (!members.every((operator) => ready(operator, own)) && !(done.size === size && !run.length)) continue;
      partitions.delete(partition);
      members.forEach((operator) => done.add(operator));
      yield { partition, operators: members };
    }
    if (done.size === size) {
      yield { partition: null, operators: left };
      left = [];
    }
  }
}

/** A run of operators, one part for each group that hands tensors on. */
function connected(run, flow) {
  const home = new Map(run.map((operator) => [operator, operator]));
  const root = (operator) => {
    while (home.get(operator) !== operator) operator = home.get(operator);
    return operator;
  };
  for (const operator of run) {
    for (const other of before(operator, flow)) if (home.has(other)) home.set(root(operator), root(other));
  }
  const parts = new Map();
  for (const operator of run) listed(parts, root(operator)).push(operator);
  return parts.values();
}

/** Edges between nodes, and to the ends of the subgraph, with the tensors that they carry. */
function connect(graph, model, subgraph, operators, flow, owner) {
  const edges = new Map();
  const ends = {};
  const end = (side) => {
    if (!ends[side]) graph.nodes.push((ends[side] = { id: `${side}${subgraph.index}`, end: side, subgraph: subgraph.index, operators: [] }));
    return ends[side];
  };
  const carry = (from, to, tensor) => {
    if (!from || !to || from === to) return;
    const key = `${from.id} ${to.id}`;
    const crosses = isPartition(from) || isPartition(to);
    if (!edges.has(key)) edges.set(key, { from: from.id, to: to.id, crosses, tensors: new Set() });
    edges.get(key).tensors.add(tensor);
  };
  for (const operator of operators) {
    for (const tensor of new Set(operator.inputs)) {
      const writers = flow.writers.get(tensor) ?? [];
      for (const writer of writers) carry(owner.get(writer.position), owner.get(operator.position), tensor);
      if (!writers.length && subgraph.inputs.includes(tensor)) carry(end("input"), owner.get(operator.position), tensor);
    }
  }
  for (const tensor of subgraph.outputs) {
    for (const writer of flow.writers.get(tensor) ?? []) carry(owner.get(writer.position), end("output"), tensor);
  }
  for (const edge of edges.values()) {
    const tensors = [...edge.tensors].map((tensor) => tensorOf(model, subgraph.index, tensor));
    const bytes = tensors.reduce((sum, tensor) => sum + (tensor.bytes ?? 0), 0);
    const open = tensors.some((tensor) => tensor.bytes === null);
    graph.edges.push({ ...edge, tensors, bytes, label: open && !bytes ? "size unknown" : scaled(bytes, "B") });
  }
}

function isPartition(node) {
  return typeof node.partition === "number";
}

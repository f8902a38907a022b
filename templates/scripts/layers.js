/* The layers of the source, as far as names of tensors tell of them. */

/** What TensorFlow and JAX put around layers: calls of functions, loops, the model itself. */
const AROUND = /^(((Stateful)?PartitionedCall|while|cond|model|functional|sequential)(_\d+)*(:\d+)?|jit\(.*\))$/;
/** What layers do inside. */
const INSIDE = /^(batchnorm|moments|Tensordot|BiasAdd|ReadVariableOp|Reshape|Conv2D|MatMul|einsum|TensorArrayV2\w*|.*->.*)$/;
/** A module of PyTorch: its class in its package, and what the module around it calls it. */
const MODULE = /^(?:[\w<>]+\.)+([A-Z]\w*?)(?:_(\w+))?$/;

/** The layers that an operator comes from: its output's, else those that its constants belong to. */
function sourceLayers(model, operator, operands) {
  const own = layers(operator.output ?? "");
  if (own.length || !operands) return own;
  const constants = operands[0].filter((index) => index >= 0).map((index) => tensorOf(model, operator.subgraph, index));
  return constants.filter(({ marks }) => marks.includes("constant")).map(({ name }) => layers(name)).find((found) => found.length) ?? [];
}

/** Of names that a converter joins the first one's layer, and those beside it that are fused with it. */
function layers(name) {
  const found = [...new Set(name.split(";").map(layer).filter(Boolean))];
  const parent = (path) => path.slice(0, path.lastIndexOf("/") + 1);
  return found.filter((path) => parent(path) === parent(found[0]));
}

function layer(path) {
  const parts = path.split("/").filter(Boolean);
  const modules = parts.map((part) => MODULE.exec(part)).filter(Boolean);
  if (modules.length) return modules.filter(([, , called], index) => called || index === modules.length - 1).map(([, kind, called]) => (called ? `${kind} ${called}` : kind)).join("/");
  const around = parts.slice(0, -1).filter((part) => !AROUND.test(part));
  while (INSIDE.test(around.at(-1) ?? "")) around.pop();
  return around.join("/");
}

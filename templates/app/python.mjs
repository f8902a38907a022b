// Python with the analyzer in it: started anew, or as the memory of one that was started before.
const ROOT = "/lib/analyzer", LIBRARY = ".so", PAGE = 1 << 16;
// Where libraries' functions begin in the table of functions, whose part before that engines fill differently.
const FUNCTIONS = 1 << 14;

// What each start would do again; the sample's audit leaves rule packs, and what they are compiled to, at hand.
const PREPARED = `
import gc, os, sys
gc.set_threshold(100_000, 20, 100)
sys.path.insert(0, "${ROOT}")
from analyzer.cli import main
from analyzer.rules import cache
cache.hold()
assert main(["audit", "sample:", "-q", "-o", "/tmp/report.html"]) == 0
os.unlink("/tmp/report.html")
gc.collect()
gc.freeze()
`;

// `packages` is a list of names and lengths, then all contents in a row; `createModule` is Pyodide's own.
export async function start(loadPyodide, createModule, packages, options) {
  let own = null;
  const furnished = async (module) => {
    own = caller(module);
    module.addRunDependency("packages");
    try {
      furnish(module, await packages);
      const held = await options._loadSnapshot;
      // It is a head, and whole pages.
      if (held) module.growMemory(held.byteLength - (held.byteLength % PAGE));
    } finally {
      module.removeRunDependency("packages");
    }
  };
  const python = await loadPyodide({
    ...options,
    env: { HOME: "/home", COLUMNS: "100", PYTHONHASHSEED: "0" },
    createPyodideModule(settings) {
      settings.preRun.push(furnished);
      return createModule(settings);
    },
  });
  own.set(own.known);
  return python;
}

// How Python calls functions of any signature is this engine's own: a function of its, or none.
function caller(module) {
  const at = () => (module.__PyRuntime + module.HEAP32[module.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET >> 2]) >> 2;
  return { known: module.HEAP32[at()], set: (value) => { module.HEAP32[at()] = value; } };
}

// The memory of a Python that is prepared, for `_loadSnapshot` of another start with the same packages.
export async function memory(loadPyodide, createModule, packages, options) {
  const python = await start(loadPyodide, createModule, packages, { ...options, _makeSnapshot: true });
  python.runPython(PREPARED);
  caller(python._module).set(0);
  return python.makeMemorySnapshot();
}

function furnish(module, whole) {
  const { FS } = module, folders = new Map(), libraries = [];
  let at = 4 + new DataView(whole).getUint32(0, true);
  for (const [name, size] of JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, at - 4)))) {
    const path = `${ROOT}/${name}`, cut = path.lastIndexOf("/"), folder = path.slice(0, cut);
    if (!folders.has(folder)) {
      FS.mkdirTree(folder);
      folders.set(folder, FS.lookupPath(folder).node);
    }
    // As FS.writeFile does, without looking up the way there and opening it for each.
    const parent = folders.get(folder), node = parent.node_ops.mknod(parent, path.slice(cut + 1), 0o100644, 0);
    node.contents = new Uint8Array(whole, at, size);
    node.usedBytes = size;
    if (name.endsWith(LIBRARY)) libraries.push([path, node.contents]);
    at += size;
  }
  module.wasmTable.grow(FUNCTIONS - module.wasmTable.length);
  for (const [path, content] of libraries) load(module, path, content);
}

// Before Python runs: so its code and data lie at the same places each time, where the memory expects them.
function load(module, path, content) {
  const library = module.newDSO(path, 0, "loading");
  Object.assign(library, { global: false, refcount: Infinity });
  library.exports = module.loadWebAssemblyModule(content, { nodelete: true, allowUndefined: false }, path, {}, 0);
}

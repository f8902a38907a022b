// The analyzer's own command line, in Python, away from the page's thread.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const MODELS = "/models", WORK = "/work", PIECE = 1 << 22;
let main = null, python = null, said = null;

// What Python imports: a list of names and lengths, then all contents in a row, packed as one.
async function packed(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

function unpack(whole, target) {
  const { FS } = python, folders = new Set();
  let at = 4 + new DataView(whole).getUint32(0, true);
  for (const [name, size] of JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, at - 4)))) {
    const path = `${target}/${name}`, folder = path.slice(0, path.lastIndexOf("/"));
    if (!folders.has(folder)) FS.mkdirTree(folder);
    folders.add(folder);
    FS.writeFile(path, new Uint8Array(whole, at, size), { canOwn: true });
    at += size;
  }
}

async function start() {
  const packages = packed("packages.bin");
  python = await loadPyodide({ indexURL: new URL("pyodide/", self.location).href, env: { HOME: "/home", COLUMNS: "100" } });
  postMessage({ stage: "packages" });
  unpack(await packages, "/lib/analyzer");
  python.runPython("import gc, sys; gc.set_threshold(100_000, 20, 100); sys.path.insert(0, '/lib/analyzer')");
  for (const [stream, set] of [["stdout", "setStdout"], ["stderr", "setStderr"]]) {
    python[set]({ write: (part) => { said?.[stream].push(part.slice()); return part.length; } });
  }
  python.FS.mkdirTree(MODELS);
  mapFiles();
  main = python.pyimport("analyzer.cli").main;
  python.runPython("import analyzer.cli.audit, analyzer.report.html.render; from analyzer.rules import cache; cache.hold()");
  postMessage({ stage: "ready" });
}

// Lets Python map what the page holds: copied once, in pieces, into Python's memory.
function mapFiles() {
  const { FS, _module: module } = python, { stream_ops: files } = FS.filesystems.WORKERFS;
  files.mmap = (stream, length, position) => {
    const address = module._malloc(length);
    if (!address) throw new FS.ErrnoError(48);
    for (let at = 0; at < length; ) {
      const read = files.read(stream, module.HEAPU8, address + at, Math.min(PIECE, length - at), position + at);
      if (!read) break;
      at += read;
    }
    return { ptr: address, allocated: true };
  };
}

// Files as the page holds them: Python reads them where they are.
function mount(files) {
  const { FS } = python;
  FS.mount(FS.filesystems.WORKERFS, { blobs: files.map((data, place) => ({ name: `${place}`, data })) }, MODELS);
  FS.mkdirTree(WORK);
  FS.chdir(WORK);
}

function clear() {
  const { FS } = python;
  FS.chdir("/");
  const empty = (folder) => {
    for (const name of FS.readdir(folder)) {
      if (name === "." || name === "..") continue;
      const path = `${folder}/${name}`;
      if (FS.isDir(FS.lstat(path).mode)) { empty(path); FS.rmdir(path); } else FS.unlink(path);
    }
  };
  empty(WORK);
  FS.unmount(MODELS);
}

const text = (parts) => new Blob(parts).text();

// Each file gets its own name; where two share one, the later lies in a folder.
function place(files) {
  const { FS } = python, taken = new Set();
  files.forEach(({ name }, at) => {
    if (name.includes("/")) FS.mkdirTree(`${WORK}/${name.slice(0, name.lastIndexOf("/"))}`);
    if (!taken.has(name)) FS.symlink(`${MODELS}/${at}`, `${WORK}/${name}`);
    taken.add(name);
  });
}

async function run({ id, files, argument, outputs }) {
  said = { stdout: [], stderr: [] };
  mount(files.map((file) => file.data));
  try {
    place(files);
    const list = python.toPy(argument);
    const code = main(list);
    list.destroy();
    const written = {};
    for (const name of outputs) {
      if (python.FS.analyzePath(`${WORK}/${name}`).exists) written[name] = python.FS.readFile(`${WORK}/${name}`);
    }
    const answer = { id, code, written, stdout: await text(said.stdout), stderr: await text(said.stderr) };
    postMessage(answer, Object.values(written).map((each) => each.buffer));
  } finally {
    clear();
    said = null;
  }
}

const started = start();
started.catch((error) => postMessage({ stage: "failed", message: String(error?.message ?? error) }));
let last = started;
onmessage = ({ data }) => {
  last = last.then(() => run(data)).catch((error) => postMessage({ id: data.id, failed: String(error?.message ?? error) }));
};

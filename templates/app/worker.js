// The analyzer's own command line, in Python, away from the page's thread.
import createModule from "./pyodide/pyodide.asm.mjs";
import { loadPyodide } from "./pyodide/pyodide.mjs";
import { start } from "./python.mjs";

const MODELS = "/models", WORK = "/work", PIECE = 1 << 22;
let main = null, python = null, said = null;

// A packed file, whole; the service worker has it unpacked.
async function unpacked(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  if (answer.headers.has("X-Unpacked")) return answer.arrayBuffer();
  return new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function begin() {
  const indexURL = new URL("pyodide/", self.location).href;
  python = await start(loadPyodide, createModule, unpacked("packages.bin"), { indexURL, _loadSnapshot: unpacked("memory.bin") });
  for (const [stream, set] of [["stdout", "setStdout"], ["stderr", "setStderr"]]) {
    python[set]({ write: (part) => { said?.[stream].push(part.slice()); return part.length; } });
  }
  python.FS.mkdirTree(MODELS);
  mapFiles();
  main = python.pyimport("analyzer.cli").main;
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

const started = begin();
started.catch((error) => postMessage({ stage: "failed", message: String(error?.message ?? error) }));
let last = started;
onmessage = ({ data }) => {
  last = last.then(() => run(data)).catch((error) => postMessage({ id: data.id, failed: String(error?.message ?? error) }));
};

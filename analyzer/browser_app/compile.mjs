// node compile.mjs PYODIDE BYTECODE ARCHIVE...: compiles the Python in archives with Pyodide's own Python.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, source, ...archives] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${folder}/` });
python.runPython(readFileSync(source, "utf-8"));
for (const archive of archives) {
  python.FS.writeFile("/archive", readFileSync(archive));
  python.runPython("with open('/archive', 'rb') as given: made = compiled(given.read())");
  python.runPython("with open('/archive', 'wb') as file: file.write(made)");
  writeFileSync(archive, python.FS.readFile("/archive"));
}

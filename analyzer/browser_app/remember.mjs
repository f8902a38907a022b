// node remember.mjs SITE: leaves in memory.bin what Python's memory holds once it is ready for the first model.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const [site] = process.argv.slice(2);
const of = (name) => import(pathToFileURL(`${site}/${name}`));
const { loadPyodide } = await of("pyodide/pyodide.mjs");
const { default: createModule } = await of("pyodide/pyodide.asm.mjs");
const { memory } = await of("python.mjs");
const { buffer, byteOffset, length } = gunzipSync(readFileSync(`${site}/packages.bin`));
const packages = buffer.slice(byteOffset, byteOffset + length);
const held = await memory(loadPyodide, createModule, packages, { indexURL: `${site}/pyodide/` });
writeFileSync(`${site}/memory.bin`, gzipSync(held, { level: 9 }));

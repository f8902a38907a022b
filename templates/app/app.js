import { Analyzer } from "./analyzer.js";
import * as settings from "./settings.js";

const at = (id) => document.getElementById(id);
const REPORT = "report.html";
const MODEL = new RegExp(`(${at("files").accept.replaceAll(",", "|").replaceAll(".", "\\.")})$`, "i");
const ways = new WeakMap();
let models = [], shown = null, ready = false, busy = false;

const analyzer = new Analyzer((stage, message) => {
  ready = stage === "ready";
  if (ready) keep();
  if (stage === "failed") return complain([`The analyzer couldn't be loaded: ${message}; load the page again.`]), say("");
  if (!busy) say(ready ? "Ready." : "Loading the analyzer …", !ready);
});

// For the next time, once there is nothing more urgent to load.
function keep() {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("service-worker.js").catch(() => {});
}

function say(line, working = false) {
  at("state").textContent = line;
  at("progress").hidden = !working;
}

function complain(lines) {
  at("problems").hidden = !lines.length;
  at("problems").replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
}

const lines = (text) => text.split("\n").map((line) => line.replace(/^delegate-analyzer: /, "")).filter(Boolean);
const count = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;

// What the command line would take for something else than a file's name.
const path = (name) => (/^-|!|^[^/]*:/.test(name) ? `./${name}` : name);

// Files by the names that they are told by: those of folders by their way there, others of one name apart.
function named(files) {
  const seen = new Map();
  return files.map((data) => {
    const name = ways.get(data) ?? data.name, times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return { name: times > 1 ? `${times}/${name}` : name, data };
  });
}

async function work(what, argument, outputs) {
  busy = true;
  at("cancel").hidden = false;
  say(what, true);
  try {
    return await analyzer.run(argument, models, outputs);
  } finally {
    busy = false;
    at("cancel").hidden = true;
    say(ready ? "Ready." : "Loading the analyzer …", !ready);
  }
}

function save(content, name) {
  const link = Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(new Blob([content])) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function button(label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  made.addEventListener("click", act);
  return made;
}

// What the file that is saved is called: after the model where there is only one.
const stem = () => (models.length === 1 ? models[0].data.name.replace(/\.[^.]*$/, "") : models.length ? "models" : "sample");

function saveAs(ending, argument) {
  const name = `${stem()}.${ending}`, file = `report.${ending}`;
  return attempt(async () => {
    const done = await work(`Writing ${name} …`, argument(file), [file]);
    if (done.written[file]) save(done.written[file], name);
    else complain(lines(done.stderr));
  });
}

function offer(content, argument, formats, ...more) {
  const others = Object.entries(formats).map(([label, ending]) => button(label, () => saveAs(ending, argument)));
  const html = button("HTML", () => save(content, `${stem()}.html`));
  at("actions").replaceChildren("Save as", html, ...others, ...more);
}

function show(content) {
  if (shown) URL.revokeObjectURL(shown);
  shown = content ? URL.createObjectURL(new Blob([content], { type: "text/html" })) : null;
  at("result").hidden = !content;
  at("advice").replaceChildren();
  if (content) at("report").src = shown;
}

const paths = () => (models.length ? models.map(({ name }) => path(name)) : ["sample:"]);

// What an audit is asked for: of a folder that was dropped the folder itself, in which it passes over what is no model.
const audited = () => [...new Set(models.length ? models.map(({ name, data }) => path(ways.get(data)?.includes("/") ? name.split("/")[0] : name)) : paths())];

// Runs a command whose outcome is a page, and shows it.
function command(what, argument, outputs = []) {
  complain([]);
  show(null);
  return attempt(async () => {
    const done = await work(`${what} …`, argument(REPORT), [REPORT, ...outputs]);
    const said = lines(done.stderr);
    const verdicts = said.findLast((line) => line.startsWith(`${REPORT}: `));
    if (done.code) complain(said.filter((line) => line !== verdicts));
    show(done.written[REPORT]);
    say(verdicts?.slice(REPORT.length + 2) ?? (done.written[REPORT] ? "Done." : "Nothing could be shown."));
    if (done.written[REPORT]) return { ...done, verdicts: verdicts?.slice(REPORT.length + 2) ?? "" };
  });
}

async function audit() {
  const what = models.length === 1 ? models[0].name : models.length ? count(models.length, "model") : "the sample";
  const options = settings.options(), asked = audited();
  const argument = (file) => ["audit", ...options, "-o", file, "--", ...asked];
  const done = await command(`Auditing ${what}`, argument);
  if (done) offer(done.written[REPORT], argument, { JSON: "json", SARIF: "sarif", Markdown: "md" }, ...further(done.verdicts));
}

// What else there is to do with one model, or with two, by what the audit said of how many there are.
function further(verdicts) {
  const many = Number(/^([\d,]+) models: /.exec(verdicts)?.[1].replaceAll(",", "") ?? 1);
  if (verdicts.includes("not audited") || models.length > many) return [];
  if (models.length === 2 && many === 2) return [button("Compare the two", compare)];
  if (many > 1) return [];
  return [button("Rewrite for delegates", fix), ...(models.length ? [button("Compare with …", () => at("other").click())] : [])];
}

async function compare() {
  const options = [...settings.delegates(), ...settings.of("shape")], asked = paths();
  const argument = (file) => ["compare", ...options, "-o", file, "--", ...asked];
  const done = await command(`Comparing ${models[0].name} with ${models[1].name}`, argument);
  if (done) offer(done.written[REPORT], argument, { JSON: "json", Markdown: "md" }, button("Back to the audit", audit));
}

async function fix() {
  const options = settings.delegates(), [asked] = paths(), rewritten = `${stem()}-rewritten.tflite`;
  const argument = (file) => ["fix", "--no-run", ...options, "-o", path(rewritten), "-o", file, "--", asked];
  const done = await command(`Rewriting ${models[0]?.name ?? "the sample"}`, argument, [rewritten]);
  if (!done) return;
  const told = Object.assign(document.createElement("pre"), { textContent: done.stdout.trim() });
  at("advice").replaceChildren(told);
  const get = button(`Save ${rewritten}`, () => save(done.written[rewritten], rewritten));
  offer(done.written[REPORT], argument, { JSON: "json", Markdown: "md" }, get, button("Back to the audit", audit));
}

async function attempt(task) {
  try {
    return await task();
  } catch (error) {
    if (error.name === "AbortError") return void say("Cancelled. Loading the analyzer again …", true);
    complain([`The analyzer stopped: ${error.message}; it is loaded again.`]);
  }
}

function take(files) {
  if (!files.length) return;
  models = named([...files]);
  audit();
}

// The models in what was dropped, folders gone through in the order of their names.
async function dropped(entries, files) {
  if (!entries.some((entry) => entry?.isDirectory)) return take(files);
  const inside = (await Promise.all(entries.map((entry) => entry ? within(entry) : []))).flat();
  if (inside.length) return take(inside);
  complain([`${entries.map((entry) => entry.name).join(", ")}: no models in there; drop .tflite files, or a folder of some`]);
  say("Nothing to audit.");
}

async function within(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    ways.set(file, entry.fullPath.replace(/^\/+/, ""));
    return [file];
  }
  const reader = entry.createReader(), entries = [];
  for (let some; (some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length; ) entries.push(...some);
  const wanted = entries.filter(({ name, isFile }) => !name.startsWith(".") && (!isFile || MODEL.test(name)));
  wanted.sort((one, other) => (one.name < other.name ? -1 : 1));
  return (await Promise.all(wanted.map(within))).flat();
}

at("files").addEventListener("change", (event) => { take(event.target.files); event.target.value = ""; });
at("other").addEventListener("change", (event) => {
  models = named([models[0].data, ...event.target.files]);
  event.target.value = "";
  compare();
});
at("sample").addEventListener("click", () => { models = []; audit(); });
at("cancel").addEventListener("click", () => analyzer.cancel());
at("choices").addEventListener("submit", (event) => event.preventDefault());
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  dropped([...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()), [...event.dataTransfer.files]);
});

settings.load();

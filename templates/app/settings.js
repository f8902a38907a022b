// Which delegates to ask: as options of the command line, and in the link.
const list = document.querySelector("#delegates ul");
const platform = document.querySelector("#platform");
const choices = document.querySelector("#delegates");
// What an app does with the model: text fields, by their names in the link, each word of them an option.
const app = new Map([["shape", document.querySelector("#shapes")], ["registered", document.querySelector("#registered")]]);

export async function load() {
  const known = await (await fetch("delegates.json")).json();
  for (const name of known.platforms) platform.add(new Option(`of ${name}`, name));
  platform.add(new Option("chosen below", "chosen"));
  list.replaceChildren(...known.delegates.map(row));
  restore();
  platform.addEventListener("change", () => { choices.open = platform.value === "chosen"; keep(); });
  list.addEventListener("change", (event) => {
    const box = event.target.closest("li").querySelector("input[type=checkbox]");
    if (event.target !== box) box.checked = true;
    platform.value = "chosen";
    keep();
  });
  for (const field of app.values()) field.addEventListener("change", keep);
  addEventListener("hashchange", restore);
}

function element(name, values = {}, ...children) {
  const made = Object.assign(document.createElement(name), values);
  made.append(...children);
  return made;
}

function row(delegate) {
  const box = element("input", { type: "checkbox", name: delegate.name });
  const status = delegate.status === "deprecated" ? ", deprecated" : "";
  const parameters = element("div", { className: "parameters" }, ...delegate.parameters.map(parameter));
  const item = element("li", {}, element("label", {}, box, ` ${delegate.title} `, element("code", { textContent: delegate.name }), status), parameters);
  item.dataset.delegate = delegate.name;
  item.dataset.platforms = delegate.platforms.join(" ");
  return item;
}

function parameter({ name, type, meaning, default: usual, values }) {
  const offered = values.length ? values : type === "bool" ? [true, false] : [];
  const field = offered.length ? element("select", {}, ...offered.map((value) => new Option(value, value))) : element("input", { type: "text" });
  if (offered.length) field.add(new Option(`default (${usual})`, ""), 0);
  else field.placeholder = `default (${usual})`;
  field.value = "";
  field.dataset.parameter = name;
  return element("label", {}, name, field, element("span", { className: "meaning", textContent: meaning }));
}

const rows = () => [...list.children];
const fields = (item) => [...item.querySelectorAll("[data-parameter]")];

function specs() {
  return rows().filter((item) => item.querySelector("input").checked).map((item) => [
    item.dataset.delegate,
    ...fields(item).filter((field) => field.value.trim()).map((field) => `${field.dataset.parameter}=${field.value.trim()}`),
  ].join(":"));
}

// Options of `audit`, which knows platforms.
export function options() {
  return [...(["", "chosen"].includes(platform.value) ? delegates() : ["--for", platform.value]), ...of("shape"), ...of("registered")];
}

const words = (name) => app.get(name).value.split(/\s+/).filter(Boolean);

// What is said of the app by one name, as options.
export const of = (name) => words(name).flatMap((word) => [`--${name}`, word]);

// Options of commands that know delegates alone.
export function delegates() {
  if (!platform.value) return [];
  const on = rows().filter((item) => item.dataset.platforms.split(" ").includes(platform.value));
  const asked = platform.value === "chosen" ? specs() : on.map((item) => item.dataset.delegate);
  return asked.flatMap((spec) => ["-d", spec]);
}

function keep() {
  const link = new URLSearchParams();
  if (platform.value === "chosen") specs().forEach((spec) => link.append("d", spec));
  else if (platform.value) link.set("for", platform.value);
  for (const name of app.keys()) words(name).forEach((word) => link.append(name, word));
  history.replaceState(null, "", link.size ? `#${link}` : location.pathname);
}

function restore() {
  const link = new URLSearchParams(location.hash.slice(1));
  const asked = new Map(link.getAll("d").map((spec) => [spec.split(":")[0], spec.split(":").slice(1)]));
  const wanted = link.get("for") ?? "";
  platform.value = asked.size ? "chosen" : [...platform.options].some((each) => each.value === wanted) ? wanted : "";
  for (const [name, field] of app) field.value = link.getAll(name).join(" ");
  choices.open = asked.size > 0;
  for (const item of rows()) {
    const written = asked.get(item.dataset.delegate);
    item.querySelector("input").checked = written !== undefined;
    for (const field of fields(item)) {
      const pair = written?.find((text) => text.startsWith(`${field.dataset.parameter}=`));
      field.value = pair ? pair.slice(field.dataset.parameter.length + 1) : "";
    }
  }
}

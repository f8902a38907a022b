/* Making elements; texts of a model only ever become text nodes. */

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function facts(pairs) {
  const list = element("dl");
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    const said = element("dd");
    said.append(element("bdi", String(value)));
    list.append(element("dt", name), said);
  }
  return list;
}

function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Three significant digits with the prefix that goes with them. */
function scaled(number, unit) {
  for (const [step, prefix] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (number < 0.9995 * step) continue;
    const value = number / step;
    return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${prefix}${unit}`;
  }
  return `${number} ${unit}`.trim();
}

function cut(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

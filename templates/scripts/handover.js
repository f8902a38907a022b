/* What to change, as Markdown on the clipboard. */

function copyable(button) {
  const text = button.nextElementSibling.content.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = (await copied(text)) ? "Copied" : "Not copied: the browser doesn't allow it";
    const before = button.textContent;
    button.textContent = said;
    setTimeout(() => (button.textContent = before), 2000);
  });
}

/** Puts a text on the clipboard; where pages from files may not, through a field that is selected. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = element("textarea", text);
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

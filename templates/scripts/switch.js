/* One model at a time, where there are several; many are shown when they are asked for. */

function switchable(select) {
  const sections = [...document.querySelectorAll("section.model")];
  select.closest("form").hidden = false;
  const apply = () => {
    for (const section of sections) section.hidden = select.value !== "" && section.id !== select.value;
  };
  select.addEventListener("input", () => {
    apply();
    document.getElementById(select.value)?.scrollIntoView();
  });
  select.reveal = (target) => {
    const section = target.closest("section.model");
    if (!section || !section.hidden) return;
    select.value = section.id;
    apply();
    target.scrollIntoView();
  };
  apply();
}

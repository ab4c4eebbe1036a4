/* Tags as chips. Without script: a box for each tag and one field for new ones, separated by commas.
   With it: Enter or comma adds a chip, Backspace in the empty field unchecks the last, and tags that
   the dataset uses are offered while typing, then the others that are in use. */

let active = -1;

const fieldOf = (element) => element.closest?.("[data-chips]");
const inputOf = (field) => field.querySelector("[data-chips-input]");
const listOf = (field) => field.querySelector("[role='listbox']");
const boxesOf = (field) => [...field.querySelectorAll(".chip input")];

function known(field) {
  const source = document.getElementById(inputOf(field).dataset.tags);
  return source ? [...source.options].map((option) => ({ label: option.value, count: option.label })) : [];
}

function matches(field) {
  const typed = inputOf(field).value.trim().toLowerCase();
  const slug = typed.replace(/[\s-]+/gu, "_");
  const kept = new Set(boxesOf(field).filter((box) => box.checked).map((box) => box.dataset.tag));
  return known(field).filter(({ label }) => !kept.has(label) && [typed, slug].some((part) => label.toLowerCase().includes(part))).slice(0, 8);
}

function offer(field) {
  const list = listOf(field);
  const found = document.activeElement === inputOf(field) ? matches(field) : [];
  list.replaceChildren(...found.map((tag, index) => option(list.id, tag, index)));
  choose(field, -1);
  list.hidden = !found.length;
  inputOf(field).setAttribute("aria-expanded", String(found.length > 0));
}

function option(listId, { label, count }, index) {
  const item = document.createElement("li");
  item.id = `${listId}-${index}`;
  item.role = "option";
  item.dataset.tag = label;
  item.append(label);
  if (count && count !== label) {
    const uses = document.createElement("span");
    uses.className = "soft";
    uses.textContent = count;
    item.append(uses);
  }
  return item;
}

function choose(field, index) {
  const options = [...listOf(field).children];
  active = index >= options.length ? -1 : index;
  options.forEach((item, at) => item.setAttribute("aria-selected", String(at === active)));
  inputOf(field).setAttribute("aria-activedescendant", options[active]?.id ?? "");
}

function add(field, text) {
  for (const tag of text.split(",").map((part) => part.trim()).filter(Boolean)) {
    const same = boxesOf(field).find((box) => box.dataset.tag === tag);
    if (same) same.checked = true;
    else field.querySelector(".chips").append(chip(tag));
  }
  inputOf(field).value = "";
  changed(field);
}

function chip(tag) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const box = document.createElement("input");
  item.className = "chip";
  item.dataset.new = "";
  Object.assign(box, { type: "checkbox", name: "new_tags", value: tag, checked: true });
  box.dataset.tag = tag;
  box.setAttribute("form", "entry-form");
  label.append(box, tag);
  item.append(label);
  return item;
}

function changed(field) {
  offer(field);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function removeLast(field) {
  const last = boxesOf(field).filter((box) => box.checked).at(-1);
  if (!last) return;
  if (last.closest("[data-new]")) last.closest("li").remove();
  else last.checked = false;
  changed(field);
}

function onKey(event) {
  const field = event.target.matches?.("[data-chips-input]") && fieldOf(event.target);
  if (!field || event.isComposing || event.ctrlKey || event.metaKey) return;
  const list = listOf(field);
  const text = list.children[active]?.dataset.tag ?? event.target.value;
  const acts = {
    ArrowDown: () => choose(field, active + 1),
    ArrowUp: () => choose(field, active < 0 ? list.children.length - 1 : active - 1),
    Enter: () => add(field, text),
    ",": () => add(field, event.target.value),
    Backspace: () => removeLast(field),
    Escape: () => { list.hidden = true; event.stopPropagation(); },
  };
  if (event.key === "Backspace" && event.target.value) return;
  if (event.key === "Escape" && list.hidden) return;
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
}

document.addEventListener("keydown", onKey, true);
document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-chips-input]")) offer(fieldOf(event.target));
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("[data-chips-input]")) offer(fieldOf(event.target));
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("[data-chips-input]")) listOf(fieldOf(event.target)).hidden = true;
});
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest?.("[data-chips] [role='option']");
  if (!item) return;
  event.preventDefault();
  add(fieldOf(item), item.dataset.tag);
});

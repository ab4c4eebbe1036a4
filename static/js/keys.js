/* Keyboard shortcuts: one table. Letters do nothing while typing, with a modifier, or when switched off. */

const FIELDS = "input:not([type=checkbox], [type=radio], [type=submit], [type=button]), textarea, select, [contenteditable]";

const KEYS = {
  "/": () => focus("#q"),
  "j": () => walk(1),
  "k": () => walk(-1),
  "e": () => focus("[data-key='e']"),
  "t": () => focus("[data-key='t']"),
  "n": () => press("[data-key='n']"),
  "a": () => press("[data-key='a']"),
  "d": () => press("[data-key='d']"),
  "h": () => press("[data-key='h']"),
  "m": () => focus("[data-key='m']"),
  "x": () => press("[data-row]:focus-within [data-select], [data-row]:has([aria-current]) [data-select]"),
  "?": () => open("keys"),
  "g d": () => press("[data-key='g d']"),
  "g v": () => press("[data-key='g v']"),
};

const CONTROL_KEYS = {
  "s": () => press("[data-key='save']"),
  "Enter": () => press("[data-key='save-next']"),
};

let prefix = "";

function find(selector) {
  return [...document.querySelectorAll(selector)].find((element) => element.checkVisibility?.() ?? true);
}

function focus(selector) {
  const element = find(selector);
  element?.focus();
  element?.select?.();
  return Boolean(element);
}

function press(selector) {
  const element = find(selector);
  element?.click();
  return Boolean(element);
}

function open(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  return Boolean(dialog);
}

/* The row below or above the one that has the focus, else the one that is open; it is opened and focused. */
function walk(step) {
  const links = [...document.querySelectorAll("[data-row] a[data-open]")];
  const here = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
  const current = here >= 0 ? here : links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = links[current + step] ?? (current < 0 ? links[0] : null);
  if (!next) return press(step > 0 ? "[data-key='j']" : "[data-key='k']");
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  next.click();
  return true;
}

function onControl(event) {
  if (event.key === "z" && !event.shiftKey && !event.target.closest(FIELDS)) return press("[data-key='undo']");
  return !event.shiftKey && CONTROL_KEYS[event.key]?.();
}

function onLetter(event) {
  const name = prefix ? `${prefix} ${event.key}` : event.key;
  prefix = !prefix && event.key === "g" ? "g" : "";
  return KEYS[name]?.();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.altKey) return;
  const typing = event.target.closest?.(FIELDS);
  if (event.key === "Escape" && typing) {
    typing.blur();
    return;
  }
  const letters = !typing && document.body.dataset.letters === "on";
  const done = event.ctrlKey || event.metaKey ? onControl(event) : letters && onLetter(event);
  if (done) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) open(opener.dataset.opens);
});

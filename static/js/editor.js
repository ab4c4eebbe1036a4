/* The editor's small comforts: the open row is marked, menus close, text boxes grow, old reloads ask first. */

const NARROW = matchMedia("(max-width: 45rem)");
const GROWS = CSS.supports("field-sizing", "content");

function grow(box) {
  if (GROWS || "long" in box.dataset) return;
  box.style.blockSize = "auto";
  box.style.blockSize = `${box.scrollHeight + 2}px`;
}

/* The list is not drawn again when an entry opens; only the mark moves. */
function markOpenRow() {
  const key = document.querySelector("[data-entry]")?.dataset.entry;
  if (key === undefined) return;
  for (const link of document.querySelectorAll("[data-row] a[data-open]")) {
    if (link.closest("[data-row]").dataset.row === key) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/* On a narrow screen an entry takes the place of the list, and is seen from its beginning. */
function showEntry({ target, request }) {
  if (!target?.matches?.("[data-entry]") || request.method !== "GET" || !NARROW.matches) return;
  document.getElementById("main").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/* After a refused form, the first field that needs a look. */
function focusFirstError(root) {
  root.querySelector?.("[aria-invalid='true']")?.focus();
}

/* The field that an alert is about. */
function markRefused() {
  const field = document.getElementById(document.querySelector("#alert [data-field]")?.dataset.field);
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.addEventListener("change", () => field.removeAttribute("aria-invalid"), { once: true });
  field.focus();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

/* A select that acts at once; its button is for pages without script. */
function submitOnChange(event) {
  const select = event.target.closest?.("[data-submits]");
  if (select) select.form.requestSubmit();
}

/* Choosing is enough; the button beside it is for pages without script. */
function pressOnChange(event) {
  const select = event.target.closest?.("[data-presses]");
  if (select?.value) document.getElementById(select.dataset.presses).click();
}

/* Enter in a field that names its button presses that one, not the first of the form. */
function pressOnEnter(event) {
  const button = event.key === "Enter" && document.getElementById(event.target.dataset?.enter);
  if (!button || event.ctrlKey || event.metaKey || event.isComposing) return;
  event.preventDefault();
  button.click();
}

/* Enter on a box that picks what a form is about would press the first button of the form. */
function enterOnBox(event) {
  const box = event.target.matches?.("[type=checkbox], [type=radio]") && event.target;
  if (event.key === "Enter" && box && box.form?.matches("[data-picks]")) event.preventDefault();
}

/* The address changes without a new page; a form that leads back to it has to know. */
function noteHere(event) {
  const { pathname, search } = window.location;
  for (const field of event.target.querySelectorAll?.("[data-here]") ?? []) {
    field.value = field.name === "here" ? pathname : search.slice(1);
  }
}

/* A tag of the side panel is added to the list as it is now, which may have been searched since the page came. */
function addTag(event) {
  const link = event.target.closest?.("[data-adds-tag]");
  if (!link) return;
  const address = new URL(window.location.href);
  const tags = address.searchParams.getAll("tag").flatMap((part) => part.split(","));
  for (const name of ["page", "entry", "imported"]) address.searchParams.delete(name);
  if (!tags.includes(link.dataset.addsTag)) address.searchParams.append("tag", link.dataset.addsTag);
  address.hash = "";
  link.href = address;
}

/* What was refused is not said beside what was done before it. */
function clearToasts({ detail }) {
  const alert = document.getElementById("alert");
  if (detail.ctx?.response?.status >= 400 && alert.childElementCount) document.getElementById("toasts").replaceChildren();
}

/* A question before what cannot be taken back by habit alone. */
function confirmFirst(event) {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset?.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

document.addEventListener("htmx:after:swap", clearToasts);
document.addEventListener("input", (event) => {
  if (event.target.matches("textarea")) grow(event.target);
});
document.addEventListener("click", addTag, true);
document.addEventListener("change", submitOnChange);
document.addEventListener("change", pressOnChange);
document.addEventListener("keydown", pressOnEnter);
document.addEventListener("keydown", enterOnBox);
document.addEventListener("submit", confirmFirst, true);
document.addEventListener("submit", noteHere, true);
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("htmx:after:swap", (event) => {
  markOpenRow();
  if (event.detail.ctx) showEntry(event.detail.ctx);
  if (event.detail.ctx?.response?.status === 422) focusFirstError(document);
  if (event.detail.ctx?.response?.status >= 400) markRefused();
  if (event.detail.ctx?.response?.status >= 400) document.querySelector("#alert > *")?.scrollIntoView({ block: "nearest" });
});
document.querySelectorAll("textarea").forEach(grow);
document.documentElement.dataset.script = "on";

/* While messages are rearranged on the server nothing can be typed into them, and a save waits. */
let rearranging = null;
let waiting = null;

document.addEventListener("htmx:before:request", (event) => {
  if (!event.detail.ctx.sourceElement.matches("[name='act']")) return;
  rearranging = event.detail.ctx;
  document.getElementById("messages").inert = true;
});
document.addEventListener("htmx:finally:request", (event) => {
  const messages = document.getElementById("messages");
  if (event.detail.ctx !== rearranging || !messages) return;
  rearranging = null;
  messages.inert = false;
  if (waiting?.isConnected) waiting.click();
  waiting = null;
});
document.addEventListener("submit", (event) => {
  if (!rearranging || event.target.id !== "entry-form") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting = event.submitter;
}, true);

/* A button that is switched off while it works loses the focus; it gets it back. */
let pressed = null;

document.addEventListener("htmx:before:request", () => { pressed = document.activeElement; });
document.addEventListener("htmx:finally:request", () => setTimeout(() => {
  const again = pressed?.id && document.getElementById(pressed.id);
  if (again && document.activeElement === document.body) again.focus({ preventScroll: true });
}));

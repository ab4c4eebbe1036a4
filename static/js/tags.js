/* The tags page: a tag opens in a dialog, and what is dragged takes its place in the order. */

const dialog = () => document.getElementById("tag-dialog");

/* A target that the answer has chosen is a selector, any other an element. */
const swappedInto = (ctx) => (typeof ctx?.target === "string" ? ctx.target.slice(1) : ctx?.target?.id);

let opener = "";
let place = 0;

/* The dialog opens with what it shows, and closes once the list shows what was done. */
document.addEventListener("htmx:after:swap", ({ detail }) => {
  const { response } = detail.ctx ?? {};
  const swapped = swappedInto(detail.ctx);
  if (!dialog() || !response) return;
  if (swapped === "taxonomy" && response.status < 400 && dialog().open) close();
  if (swapped === "sheet" && !dialog().open && dialog().contains(document.getElementById("sheet"))) {
    opener = document.activeElement?.id ?? "";
    dialog().showModal();
  }
});

/* The focus goes back to the tag; if that is gone, to the row that took its place. */
function close() {
  const rows = [...document.querySelectorAll("#taxonomy .tag-row a[id]")];
  dialog().close();
  const back = document.getElementById(opener) ?? rows[Math.min(place, rows.length - 1)];
  (back ?? document.getElementById("main")).focus();
}

document.addEventListener("htmx:before:swap", ({ detail }) => {
  if (swappedInto(detail.ctx) !== "taxonomy") return;
  const rows = [...document.querySelectorAll("#taxonomy .tag-row a[id]")];
  place = Math.max(0, rows.findIndex((link) => link.id === opener));
});

/* Dragging: the row follows the pointer among its fellows; letting go sends the form of the list. */
let dragged = null;

const listOf = (item) => item?.parentElement?.closest("[data-order]");

document.addEventListener("dragstart", (event) => {
  const item = event.target.closest?.("[data-order] > [draggable]");
  if (!item) return;
  dragged = { item, before: item.nextElementSibling };
  item.toggleAttribute("data-dragged", true);
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", item.id);
});

document.addEventListener("dragover", (event) => {
  const over = dragged && [...listOf(dragged.item).children].find((each) => each.contains(event.target));
  if (!over) return;
  event.preventDefault();
  if (over === dragged.item) return;
  const { top, height } = over.getBoundingClientRect();
  over[event.clientY < top + height / 2 ? "before" : "after"](dragged.item);
});

document.addEventListener("drop", (event) => {
  if (!dragged) return;
  event.preventDefault();
  const { item, before } = dragged;
  const list = listOf(item);
  release();
  if (item.nextElementSibling !== before) document.getElementById(list.dataset.order).requestSubmit();
});

document.addEventListener("dragend", () => {
  if (!dragged) return;
  listOf(dragged.item).insertBefore(dragged.item, dragged.before);
  release();
});

function release() {
  dragged.item.toggleAttribute("data-dragged", false);
  dragged = null;
}

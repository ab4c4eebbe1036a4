/* Selecting rows costs no request: boxes, a count, and "all that match". */

const form = () => document.querySelector("[data-selection]");
const boxes = () => [...document.querySelectorAll("[data-select]")];
const everything = () => document.querySelector("[data-select-all-matching]");

const number = (count) => (count === 1 ? "1 entry" : `${count.toLocaleString("en")} entries`);
const plural = (count) => `${number(count)} selected`;

/* What is asked before a deletion says how many it would delete. */
function nameInQuestion(bar, words) {
  const button = bar.querySelector("[data-confirm-counted]");
  if (button) button.dataset.confirm = button.dataset.confirmCounted.replace("{}", words);
}

function show() {
  const bar = form();
  if (!bar) return;
  const all = boxes();
  const chosen = all.filter((box) => box.checked);
  const page = bar.querySelector("[data-select-page]");
  const matching = everything();
  const total = Number(matching?.dataset.total ?? 0);
  const words = matching?.checked ? (total ? plural(total) : "Everything that matches is selected") : plural(chosen.length);
  bar.toggleAttribute("data-selected", chosen.length > 0 || Boolean(matching?.checked));
  nameInQuestion(bar, matching?.checked ? (total ? number(total) : "everything that matches") : number(chosen.length));
  bar.querySelector("[data-selection-count]").textContent = chosen.length || matching?.checked ? words : "";
  if (page) {
    page.checked = all.length > 0 && chosen.length === all.length;
    page.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
}

let last = null;

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-select]");
  if (!box) return;
  const all = boxes();
  if (event.shiftKey && last?.isConnected) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, two) => one - two);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-select-page]")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.matches?.("[data-select], [data-select-page]") && everything() && !event.target.checked) {
    everything().checked = false;
  }
  if (event.target.matches?.("[data-select-all-matching]") && event.target.checked) {
    for (const box of boxes()) box.checked = true;
  }
  show();
});

document.addEventListener("htmx:after:swap", show);
show();

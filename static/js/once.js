/* A form is sent once: a double click, or pressing again while it is under way, starts nothing anew. */

const POSTED = "form[method=post]:not([data-downloads])"; // the answer to a download leaves the page as it is
const LEADS_ON = `${POSTED}[hx-target="#alert"], ${POSTED}:not([hx-post])`;

let sent = new WeakSet();

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/* The second click of a double click may come when the answer to the first is there. */
document.addEventListener("click", (event) => {
  const form = event.target.closest?.("button:not([type=button])")?.form;
  if (event.detail > 1 && form?.matches(LEADS_ON)) stop(event);
}, true);

document.addEventListener("submit", (event) => {
  if (sent.has(event.target)) stop(event);
}, true);

window.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.matches(POSTED)) sent.add(event.target);
});

document.addEventListener("htmx:before:request", ({ detail }) => {
  if (detail.ctx.sourceElement.matches(POSTED)) sent.add(detail.ctx.sourceElement);
});

/* htmx keeps the signs of work where the answer leads to another page. */
document.addEventListener("htmx:finally:request", ({ detail }) => {
  if (!detail.ctx.keepIndicators) sent.delete(detail.ctx.sourceElement);
});

window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) sent = new WeakSet();
});

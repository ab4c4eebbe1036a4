/* What is typed and not saved is kept on the server: a second after the last key, and when the page goes. */

const WAIT = 800;

let timer = 0;
let pending = null;

const formOf = (element) => element.form?.closest?.("[data-draft-url]") ?? element.closest?.("[data-draft-url]");

function say(form, words) {
  const place = form.querySelector("[data-draft-status]");
  if (place && place.textContent !== words) place.textContent = words;
}

async function keep(form) {
  clearTimeout(timer);
  pending = null;
  const body = new URLSearchParams(new FormData(form));
  try {
    const response = await fetch(form.dataset.draftUrl, { method: "POST", body });
    if (!form.isConnected || pending) return;
    say(form, response.ok ? "Draft kept" : "Draft not kept. Save soon.");
  } catch {
    say(form, "RoleThread does not answer. Keep this page open until it does.");
  }
}

/* A page that goes away may not wait; keepalive carries 64 KB, a beacon as much. */
function keepNow() {
  if (!pending) return;
  const body = new URLSearchParams(new FormData(pending));
  fetch(pending.dataset.draftUrl, { method: "POST", body, keepalive: body.toString().length < 60_000 }).catch(() => {});
  clearTimeout(timer);
  pending = null;
}

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  if (pending && pending !== form) keepNow();
  pending = form;
  say(form, "Not saved");
  clearTimeout(timer);
  timer = setTimeout(keep, WAIT, form);
});

/* A save sends the same text, so the draft need not follow it. Any other request keeps it first. */
document.addEventListener("htmx:before:request", (event) => {
  const { request, sourceElement } = event.detail.ctx;
  if (pending && request.method === "POST" && formOf(sourceElement) === pending) {
    clearTimeout(timer);
    pending = null;
  } else {
    keepNow();
  }
});
document.addEventListener("submit", (event) => {
  if (event.target !== pending) return;
  clearTimeout(timer);
  pending = null;
});
window.addEventListener("pagehide", keepNow);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keepNow();
});

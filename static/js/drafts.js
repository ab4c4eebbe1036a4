/* What is typed and not saved is kept on the server: a second after the last key, before any request, and when
   the page goes. */

const WAIT = 800;
const AGAIN = 3000;

let timer = 0;
let pending = null;

const formOf = (element) => element.form?.closest?.("[data-draft-url]") ?? element.closest?.("[data-draft-url]");

function say(form, words) {
  const place = form.querySelector("[data-draft-status]");
  if (place && place.textContent !== words) place.textContent = words;
}

/* The draft is on its way until this is over; nothing else may be asked of the server before. */
let underWay = Promise.resolve();

function keep(form) {
  clearTimeout(timer);
  pending = null;
  const body = new URLSearchParams(new FormData(form));
  underWay = underWay.then(() => send(form, body));
  return underWay;
}

async function send(form, body) {
  try {
    const response = await fetch(form.dataset.draftUrl, { method: "POST", body, keepalive: isShort(body) });
    const words = response.ok ? await response.text() : "Draft not kept. Save soon.";
    if (form.isConnected && !pending) say(form, words);
  } catch {
    if (!form.isConnected) return;
    say(form, "RoleThread does not answer. Keep this page open until it does.");
    wait(form, AGAIN);
  }
}

function wait(form, time) {
  pending = form;
  clearTimeout(timer);
  timer = setTimeout(keep, time, form);
}

/* A page that goes away may not wait; keepalive carries 64 KB. */
const isShort = (body) => body.toString().length < 60_000;

function keepNow() {
  if (!pending) return;
  const body = new URLSearchParams(new FormData(pending));
  fetch(pending.dataset.draftUrl, { method: "POST", body, keepalive: isShort(body) }).catch(() => {});
  clearTimeout(timer);
  pending = null;
}

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  if (pending && pending !== form) keep(pending);
  say(form, "Not saved");
  wait(form, WAIT);
});

/* Every request of the page waits until what is typed has been kept: none overtakes a draft, none loses one. */
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (pending) keep(pending);
  const kept = underWay;
  const ask = ctx.fetch;
  ctx.fetch = (...request) => kept.then(() => ask(...request));
});
document.addEventListener("submit", keepNow);
window.addEventListener("pagehide", keepNow);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keepNow();
});
/* A long text cannot be sent by a page that is going: the browser asks, and meanwhile it is kept. */
window.addEventListener("beforeunload", (event) => {
  if (!pending || isShort(new URLSearchParams(new FormData(pending)))) return;
  keep(pending);
  event.preventDefault();
});

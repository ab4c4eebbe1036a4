/* A page that comes again after a button was pressed on it goes on where one was; or where the button leads. */

const KEPT = "place";

/* A heading cannot have the focus by itself. */
function go(element) {
  if (element.matches("h1, h2, h3")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: element.matches("h1, h2, h3") ? "start" : "center" });
}

function arrive() {
  const { path, id } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  if (path !== window.location.pathname && window.location.pathname.startsWith("/jobs/")) return;
  sessionStorage.removeItem(KEPT);
  const element = path === window.location.pathname && document.getElementById(id);
  if (element && !document.querySelector("[autofocus]")) go(element);
}

window.addEventListener("submit", (event) => {
  const id = event.submitter?.dataset.leadsTo ?? event.target.dataset.leadsTo ?? document.activeElement?.id;
  if (id) sessionStorage.setItem(KEPT, JSON.stringify({ path: window.location.pathname, id }));
});
/* An answer that changed only a part of the page leads nowhere. */
document.addEventListener("htmx:finally:request", ({ detail }) => {
  if (detail.ctx.sourceElement.matches("form") && !detail.ctx.keepIndicators) sessionStorage.removeItem(KEPT);
});

arrive();

/* What a page has to say when it comes stands there already, and would not be read out: it is said once more. */
const words = (toast) => [...toast.childNodes].filter((part) => part.nodeName !== "FORM").map((part) => part.textContent);
const said = [...document.querySelectorAll("#toasts .toast")].map((toast) => words(toast).join("").trim());
if (said.length) {
  setTimeout(() => { document.getElementById("announcer").textContent = said.join(" "); }, 300);
}

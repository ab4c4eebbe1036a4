/* Opening files on the library: drop them anywhere, or paste text; the form beside it does the same by hand. */

const zone = () => document.querySelector("[data-drop]");
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

let depth = 0;

function over(is) {
  zone()?.toggleAttribute("data-over", is);
}

function send(files) {
  const input = zone()?.querySelector("input[type=file]");
  if (!input || !files.length) return;
  input.files = files;
  input.form.requestSubmit();
}

/* fetch cannot tell how much was sent, so this one request is an XMLHttpRequest. */
function upload(event) {
  const form = event.target;
  if (!form.matches?.("[data-upload]")) return;
  event.preventDefault();
  const bar = form.querySelector("progress");
  const status = form.querySelector("[data-upload-status]");
  const request = new XMLHttpRequest();
  bar.hidden = false;
  form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  request.upload.addEventListener("progress", (sent) => {
    if (!sent.lengthComputable) return;
    bar.max = sent.total;
    bar.value = sent.loaded;
    status.textContent = sent.loaded < sent.total ? "Sending to RoleThread on this machine…" : "Reading…";
  });
  request.addEventListener("load", () => finish(form, request));
  request.addEventListener("error", () => {
    status.textContent = "RoleThread did not answer. The file was not opened; try again when it runs.";
    restore(form);
  });
  request.open("POST", form.action);
  request.setRequestHeader("HX-Target", "form#upload");
  request.send(new FormData(form));
}

function restore(form) {
  form.querySelector("progress").hidden = true;
  form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
}

/* A refusal that has a guess at the encoding: it is chosen, so that the same file can be sent again. */
function suggestEncoding() {
  const guess = document.querySelector("#alert [data-guess]")?.dataset.guess;
  if (!guess) return;
  for (const select of document.querySelectorAll("[data-encoding]")) {
    if (![...select.options].some((option) => option.value === guess)) select.add(new Option(guess, guess));
    select.value = guess;
    const fold = select.closest("[data-upload] details");
    if (fold) fold.open = true;
  }
}

function finish(form, request) {
  const next = request.getResponseHeader("HX-Redirect");
  if (next) {
    window.location.assign(next);
    return;
  }
  restore(form);
  form.querySelector("[data-upload-status]").textContent = "";
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  document.getElementById("alert").replaceChildren(...answer.body.childNodes);
  suggestEncoding();
}

document.addEventListener("submit", upload);
document.addEventListener("htmx:after:swap", suggestEncoding);
document.addEventListener("dragenter", (event) => {
  if (!zone() || !carriesFiles(event)) return;
  depth += 1;
  over(true);
});
document.addEventListener("dragleave", (event) => {
  if (!zone() || !carriesFiles(event)) return;
  depth = Math.max(0, depth - 1);
  over(depth > 0);
});
document.addEventListener("dragover", (event) => {
  if (zone() && carriesFiles(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (!zone() || !carriesFiles(event)) return;
  event.preventDefault();
  depth = 0;
  over(false);
  send(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (!zone() || event.target.closest("input, textarea")) return;
  if (event.clipboardData.files.length) send(event.clipboardData.files);
  const box = document.getElementById("text");
  const text = event.clipboardData.getData("text/plain");
  if (!box || !text) return;
  box.closest("details").open = true;
  box.value = text;
  box.focus();
});
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-drop] input[type=file]") && event.target.files.length) event.target.form.requestSubmit();
});

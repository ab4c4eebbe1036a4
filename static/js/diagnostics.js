/* A link from a diagnostic to its message selects the very words, if they still stand there. */

/* Places are counted in characters; a text box counts UTF-16 units. */
function units(text, characters) {
  return [...text].slice(0, characters).join("").length;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-span]");
  const box = link && document.getElementById(link.hash.slice(1));
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.scrollIntoView({ block: "center" });
  /* What is long stands there with its end cut off. */
  const found = (link.parentElement.querySelector("mark")?.dataset.text ?? "").replace(/(?<=.)…$/s, "");
  const [start, end] = link.dataset.span.split(" ").map((place) => units(box.value ?? "", Number(place)));
  if (found && box.value?.slice(start, end).startsWith(found)) box.setSelectionRange(start, end);
});

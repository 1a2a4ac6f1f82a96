import { announce } from "./announce.js";

// The chosen hit follows the focus, and the preview follows the chosen hit.
const QUIET_MS = 80;

export function startHits() {
  let timer = 0;
  document.addEventListener("focusin", (event) => {
    const item = event.target.closest("[data-ea-hit]");
    if (!item) return;
    choose(item);
    clearTimeout(timer);
    timer = setTimeout(() => show(item), QUIET_MS);
  });
  document.addEventListener("htmx:afterSettle", () => {
    const title = document.getElementById("treffer-titel");
    if (!title) return;
    announce(title.textContent.trim());
    // Who had gone on into the old hits before the new ones came is not left nowhere.
    if (document.activeElement === document.body) {
      title.tabIndex = -1;
      title.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("a, button, input, label, select")) return;
    event.target.closest("[data-ea-hit]")?.querySelector("[data-ea-row]")?.focus();
  });
}

function choose(item) {
  for (const other of document.querySelectorAll("[data-ea-chosen]")) other.removeAttribute("data-ea-chosen");
  item.setAttribute("data-ea-chosen", "");
}

function show(item) {
  const place = document.querySelector("[data-ea-preview]");
  const figure = item.querySelector("template")?.content.firstElementChild.cloneNode(true);
  if (!place || !figure || place.querySelector("img").getAttribute("src") === figure.querySelector("img").getAttribute("src")) return;
  place.replaceChildren(figure);
  document.querySelector("[data-ea-preview-title]").textContent = figure.querySelector("img").alt;
  document.querySelector("[data-ea-preview-link]").href = item.querySelector("[data-ea-row]").href;
}

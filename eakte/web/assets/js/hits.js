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
  document.addEventListener("click", (event) => {
    if (event.target.closest("a, button")) return;
    event.target.closest("[data-ea-hit]")?.querySelector("[data-ea-row]")?.focus();
  });
}

function choose(item) {
  for (const other of document.querySelectorAll("[data-ea-chosen]")) other.removeAttribute("data-ea-chosen");
  item.setAttribute("data-ea-chosen", "");
}

function show(item) {
  const image = document.querySelector("[data-ea-preview]");
  if (!image || !item.dataset.eaImage || image.getAttribute("src") === item.dataset.eaImage) return;
  image.src = item.dataset.eaImage;
  image.alt = item.dataset.eaImageAlt;
  image.closest("figure").querySelector("svg")?.remove();
  document.querySelector("[data-ea-preview-title]").textContent = item.dataset.eaImageAlt;
  document.querySelector("[data-ea-preview-link]").href = item.querySelector("[data-ea-row]").href;
}

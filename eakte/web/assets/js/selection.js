// Ticking documents: the bar of acts shows itself with the first tick, a row's link ticks by the space bar.
import { announce, sentence } from "./announce.js";

export function startSelection() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-ea-tick-all]")) for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.matches("[data-ea-tick-all], [data-ea-tick]")) show(true);
  });
  // The ticks are taken away after the event.
  document.addEventListener("reset", () => setTimeout(() => show(true)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches("[data-ea-row]")) return;
    const box = event.target.closest("tr")?.querySelector("[data-ea-tick]");
    if (!box) return;
    event.preventDefault();
    box.click();
  });
  // After a refresh of the list, and where the browser kept the ticks of a page left before.
  document.addEventListener("htmx:afterSettle", () => show(false));
  addEventListener("pageshow", () => show(false));
  show(false);
}

function boxes() {
  return [...document.querySelectorAll("[data-ea-tick]")];
}

function show(speak) {
  const bar = document.querySelector("[data-ea-bulk]");
  if (!bar) return;
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  bar.hidden = !ticked;
  const said = sentence(bar, "Ticked", { num: ticked });
  bar.querySelector("[data-ea-bulk-count]").textContent = said;
  const head = document.querySelector("[data-ea-tick-all]");
  head.checked = ticked > 0 && ticked === all.length;
  head.indeterminate = ticked > 0 && ticked < all.length;
  if (speak) announce(ticked ? said : sentence(bar, "None"));
}

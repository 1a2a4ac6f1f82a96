// Documents dragged onto a case of their dossier: the act of „Verschieben …“ with the same way back. Nothing needs it: ticks
// and their button do the same by keyboard.
import { sentence } from "./announce.js";

const TYPE = "application/x-eakte-documents";

let dragged = [];

export function startMoving() {
  document.addEventListener("dragstart", begin);
  document.addEventListener("dragover", over);
  document.addEventListener("drop", drop);
  document.addEventListener("dragend", end);
  document.addEventListener("htmx:afterSettle", prepare);
  prepare();
}

// What can be ticked can be moved: without the right to, or where a document is cancelled, there is no box.
function prepare() {
  end();
  for (const box of boxes()) box.closest("tr").draggable = true;
}

function boxes() {
  return [...document.querySelectorAll("[data-ea-tick]")];
}

function begin(event) {
  const box = event.target.closest?.("tr[draggable]")?.querySelector("[data-ea-tick]");
  if (!box) return;
  dragged = box.checked ? boxes().filter((one) => one.checked) : [box];
  event.dataTransfer.effectAllowed = "all";
  event.dataTransfer.setData(TYPE, dragged.map((one) => one.value).join(" "));
  const many = () => sentence(document.querySelector("[data-ea-moves]"), "Many", { num: dragged.length });
  showAtPointer(event, dragged.length === 1 ? box.ariaLabel : many());
  for (const place of document.querySelectorAll("[data-ea-onto]")) place.classList.toggle("ea-onto", leaving(place).length > 0);
}

function showAtPointer(event, text) {
  const label = document.createElement("div");
  label.className = "ea-dragged";
  label.textContent = text;
  document.body.append(label);
  event.dataTransfer.setDragImage(label, -12, 0);
  // The browser takes its picture once the event is over.
  setTimeout(() => label.remove());
}

// What already lies in a case stays there.
function leaving(place) {
  return dragged.filter((box) => box.closest("[data-ea-onto]") !== place);
}

function over(event) {
  if (!dragged.length) return;
  const place = event.target.closest?.(".ea-onto");
  for (const one of document.querySelectorAll(".ea-onto--now")) if (one !== place) one.classList.remove("ea-onto--now");
  if (!place) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  place.classList.add("ea-onto--now");
}

function drop(event) {
  const place = dragged.length && event.target.closest?.(".ea-onto");
  if (!place) return;
  event.preventDefault();
  const form = document.querySelector("[data-ea-moves]");
  form.elements.place.value = place.dataset.eaOnto;
  for (const old of form.querySelectorAll("[name=d]")) old.remove();
  for (const box of leaving(place)) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "d", value: box.value });
    form.append(field);
  }
  end();
  form.requestSubmit();
}

function end() {
  dragged = [];
  for (const place of document.querySelectorAll(".ea-onto")) place.classList.remove("ea-onto", "ea-onto--now");
}
